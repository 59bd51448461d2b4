/* Draws a Dynamics (protobuf JSON). */
const dynamics = JSON.parse(document.getElementById('report').textContent);
const steps = dynamics.steps ?? [];
const pairs = dynamics.pairs ?? [];
const labels = dynamics.labels ?? [];
const at = steps.map((step) => number(step.step));
const last = steps[steps.length - 1] ?? {};
const nested = steps.some((step) => step.meanImprovedConvexityGapNats !== undefined);
const clusterOf = new Map(labels.map((label, i) => [label, number((last.assignments ?? [])[i])]));
const isWithin = (pair) => clusterOf.get(pair.labelA) === clusterOf.get(pair.labelB);
const pairCount = (labels.length * (labels.length - 1)) / 2;
const word = last.oneBasin ? 'cluster' : 'basin';
const METRICS = [
  ['convexity gap', 'convexityGapNats', 'convexityGap'],
  ['barrier height', 'barrierHeightNats', 'barrierHeight'],
  ...(nested
    ? [['improved convexity gap', 'improvedConvexityGapNats', 'improvedConvexityGap']]
    : []),
];
const clean = (value) => (Number.isFinite(value) ? value : null);
const stepAxis = () =>
  axis('step', { scale: false, min: 0, max: at[at.length - 1], splitLine: { show: false } });

const signed = (value) => (value > 0 ? '+' : '') + show(value);

const groups = [
  { name: `Within a ${word}`, pairs: pairs.filter(isWithin), colour: (c) => c.basin(0) },
  {
    name: `Across ${word}s`,
    pairs: pairs.filter((pair) => !isWithin(pair)),
    colour: (c) => c.basin(1),
  },
].filter((group) => group.pairs.length);

function connectivity() {
  const select = byId('metric');
  METRICS.forEach(([name], i) => select.append(element('option', { value: i }, name)));
  select.addEventListener('change', draw);

  function draw() {
    const [name, field] = METRICS[Number(select.value || 0)];
    const values = (pair) => (pair.metrics ?? []).map((metrics) => number(metrics[field]));
    const averages = (group) => at.map((_, i) => mean(group.pairs.map((pair) => values(pair)[i])));
    const infinite = steps.reduce((sum, step) => sum + number(step.infinitePairCount), 0);
    byId('connectivity-caption').textContent =
      (pairs.length < pairCount
        ? `${whole(pairs.length)} of ${plural(pairCount, 'pair')}, evenly by their last gap`
        : plural(pairCount, 'pair')) +
      `; bold are the means. ${word[0].toUpperCase()}${word.slice(1)}s are those of the last step.` +
      (infinite
        ? ` ${plural(infinite, 'value')} that ${infinite === 1 ? 'is' : 'are'} not finite ${infinite === 1 ? 'is' : 'are'} left out.`
        : '');
    const shown = groups.flatMap((group) => group.pairs.map((pair) => ({ group, pair })));
    chart(
      'connectivity',
      `${name} of each pair over the steps ${at.join(', ')}. ` +
        groups
          .map(
            (group) =>
              `${group.name}, on average: ${averages(group)
                .map((value) => show(value))
                .join(', ')} nats.`,
          )
          .join(' '),
      () => {
        const c = colours();
        return {
          grid: { left: 72, right: 20, top: 36, bottom: 40 },
          legend: {
            top: 0,
            right: 0,
            textStyle: { color: c.text },
            data: groups.map((group) => ({
              name: group.name,
              itemStyle: { color: group.colour(c) },
            })),
          },
          xAxis: stepAxis(),
          yAxis: axis(`${name} (nats)`, { scale: false, nameGap: 54 }),
          tooltip: {
            trigger: 'item',
            formatter: (item) => {
              const one = shown[item.seriesIndex];
              const title = one
                ? `${one.pair.labelA ?? ''} \u2013 ${one.pair.labelB ?? ''}`
                : `Mean ${item.seriesName.toLowerCase()}`;
              return lines([title, `step ${whole(item.value[0])}: ${show(item.value[1])} nats`]);
            },
          },
          series: [
            ...shown.map(({ group, pair }) => ({
              type: 'line',
              symbol: 'circle',
              symbolSize: 3,
              showSymbol: shown.length <= 60,
              data: values(pair).map((value, i) => [at[i], clean(value)]),
              lineStyle: { width: 1, opacity: shown.length > 60 ? 0.25 : 0.5 },
              itemStyle: { opacity: 0.5 },
              color: group.colour(c),
            })),
            ...groups.map((group) => ({
              type: 'line',
              name: group.name,
              z: 5,
              symbol: 'circle',
              symbolSize: 6,
              color: group.colour(c),
              lineStyle: { width: 3 },
              data: averages(group).map((value, i) => [at[i], clean(value)]),
            })),
          ],
        };
      },
      shown.length > 60 ? 'canvas' : 'svg',
    );
  }
  draw();
}

/** Two steps side by side: a line a pair, and the means. */
function slopes() {
  if (steps.length < 2) {
    byId('slopes-figure').hidden = true;
    return;
  }
  const metric = byId('metric'),
    ends = [byId('slope-from'), byId('slope-to')];
  ends.forEach((select, end) => {
    at.forEach((step, i) => select.append(element('option', { value: i }, whole(step))));
    select.value = end === 0 ? 0 : at.length - 1;
    select.addEventListener('change', draw);
  });
  metric.addEventListener('change', draw);

  function draw() {
    const [name, field] = METRICS[Number(metric.value || 0)];
    const [from, to] = ends.map((select) => Number(select.value));
    const both = (pair) => [from, to].map((i) => number((pair.metrics ?? [])[i]?.[field]));
    const told = groups
      .map((group) => ({
        ...group,
        lines: group.pairs
          .map((pair) => ({ pair, values: both(pair) }))
          .filter(({ values }) => values.every(Number.isFinite)),
      }))
      .filter((group) => group.lines.length);
    const means = (group) =>
      [0, 1].map((end) => mean(group.lines.map(({ values }) => values[end])));
    const fell = (group) => group.lines.filter(({ values }) => values[1] < values[0]).length;
    const all = told.flatMap((group) => group.lines.map((line) => ({ group, ...line })));
    const summary = told
      .map((group) => {
        const [before, after] = means(group);
        return `${group.name}: ${show(before)} to ${show(after)} nats on average, less in ${whole(fell(group))} of ${plural(group.lines.length, 'pair')}`;
      })
      .join('. ');
    byId('slopes-caption').textContent =
      `${name[0].toUpperCase()}${name.slice(1)} at two steps; bold are the means. ${summary}.` +
      (all.length < pairs.length
        ? ` ${plural(pairs.length - all.length, 'pair')} without a finite value left out.`
        : '') +
      ' Pairs share models: how sure a change is, the table of changes says.';
    chart(
      'slopes',
      `${name} of each pair at steps ${at[from]} and ${at[to]}. ${summary}.`,
      () => {
        const c = colours();
        return {
          grid: { left: 72, right: 20, top: 36, bottom: 44 },
          legend: {
            top: 0,
            right: 0,
            textStyle: { color: c.text },
            data: told.map((group) => ({
              name: group.name,
              itemStyle: { color: group.colour(c) },
            })),
          },
          xAxis: {
            ...axis('step', { scale: false, splitLine: { show: false } }),
            type: 'category',
            data: [from, to].map((i) => whole(at[i])),
          },
          yAxis: axis(`${name} (nats)`, { scale: false, nameGap: 54 }),
          tooltip: {
            trigger: 'item',
            formatter: (item) => {
              const one = all[item.seriesIndex];
              const values = one ? one.values : means(told[item.seriesIndex - all.length]);
              return lines([
                one
                  ? `${one.pair.labelA ?? ''} \u2013 ${one.pair.labelB ?? ''}`
                  : `Mean ${item.seriesName.toLowerCase()}`,
                `${show(values[0])} to ${show(values[1])} nats`,
                `\u0394 ${signed(values[1] - values[0])}`,
              ]);
            },
          },
          series: [
            ...all.map(({ group, values }) => ({
              type: 'line',
              symbol: 'circle',
              symbolSize: 5,
              showSymbol: all.length <= 150,
              data: values,
              lineStyle: { width: 1, opacity: all.length > 60 ? 0.25 : 0.5 },
              itemStyle: { opacity: 0.5 },
              color: group.colour(c),
            })),
            ...told.map((group) => ({
              type: 'line',
              name: group.name,
              z: 5,
              symbol: 'circle',
              symbolSize: 8,
              color: group.colour(c),
              lineStyle: { width: 3 },
              data: means(group),
            })),
          ],
        };
      },
      all.length > 60 ? 'canvas' : 'svg',
    );
  }
  draw();
}

function movement() {
  const order = [...labels.keys()].sort(
    (i, j) => clusterOf.get(labels[i]) - clusterOf.get(labels[j]) || i - j,
  );
  const columns = steps.map((step, i) => whole(at[i]) + (step.oneBasin ? '\n(no split)' : ''));
  const rows = order.map((i) => labels[i]);
  const cells = steps.flatMap((step, x) =>
    order.map((i, y) => [x, y, number((step.assignments ?? [])[i])]),
  );
  const blurred = steps.filter((step) => step.oneBasin).length;
  byId('movement-caption').textContent =
    'Numbered so that as many models as possible keep the number of the last step.' +
    (blurred
      ? ` At ${plural(blurred, 'step')} the distances show no split; clusters there, drawn pale, are an artefact.`
      : '');
  byId('movement').style.height = `${Math.min(1400, 90 + 24 * labels.length)}px`;
  const few = labels.length <= 40;
  chart(
    'movement',
    `The cluster of each of ${labels.length} models at each of ${steps.length} steps. dynamics.csv holds the clusters.`,
    () => {
      const c = colours();
      const side = {
        axisTick: { show: false },
        axisLine: { show: false },
        splitLine: { show: false },
      };
      return {
        grid: { left: 8, right: 8, top: 8, bottom: 36, containLabel: true },
        xAxis: {
          type: 'category',
          data: columns,
          name: 'step',
          nameLocation: 'middle',
          nameGap: 44,
          nameTextStyle: { color: c.muted },
          axisLabel: { color: c.muted, lineHeight: 16 },
          ...side,
        },
        yAxis: {
          type: 'category',
          data: rows.map((_, y) => y),
          inverse: true,
          ...side,
          axisLabel: {
            formatter: (y) => rows[y],
            color: (y) => c.basin(clusterOf.get(rows[y])),
            width: 110,
            overflow: 'truncate',
            interval: few ? 0 : 'auto',
          },
        },
        tooltip: {
          formatter: (item) =>
            lines([
              rows[item.value[1]],
              `step ${whole(at[item.value[0]])}: ${item.value[2] < 0 ? 'apart' : `cluster ${item.value[2] + 1}`}`,
            ]),
        },
        series: [
          {
            type: 'heatmap',
            progressive: 0,
            data: cells.map((value) => ({
              value,
              itemStyle: {
                color: c.basin(value[2]),
                opacity: steps[value[0]].oneBasin ? 0.3 : 1,
              },
            })),
            itemStyle: { borderColor: c.card, borderWidth: few ? 2 : 0 },
            label: {
              show: few,
              formatter: (item) => (item.value[2] < 0 ? '\u2013' : String(item.value[2] + 1)),
              color: c.card,
              fontWeight: 'bold',
            },
          },
        ],
      };
    },
    labels.length > 100 ? 'canvas' : 'svg',
  );
}

function scores() {
  const loss = steps.map((step) => number(step.meanLossNats)),
    accuracy = steps.map((step) => number(step.meanAccuracy));
  chart(
    'scores',
    `Mean in-domain loss ${loss.map((value) => show(value)).join(', ')} nats and accuracy ${accuracy.map((value) => show(value)).join(', ')} at the steps ${at.join(', ')}.`,
    () => {
      const c = colours();
      const side = (name, values, position) =>
        axis(name, {
          position,
          nameGap: 54,
          ...roundRange(Math.min(...values), Math.max(...values)),
          splitLine: { show: position === 'left', lineStyle: { color: c.line } },
        });
      const line = (name, values, yAxisIndex, color, symbol) => ({
        type: 'line',
        name,
        yAxisIndex,
        color,
        symbol,
        symbolSize: 7,
        lineStyle: { width: 2.5 },
        data: values.map((value, i) => [at[i], clean(value)]),
      });
      return {
        grid: { left: 72, right: 72, top: 36, bottom: 40 },
        legend: { top: 0, right: 0, textStyle: { color: c.text } },
        xAxis: stepAxis(),
        yAxis: [side('loss (nats)', loss, 'left'), side('accuracy', accuracy, 'right')],
        tooltip: {
          formatter: (item) =>
            lines([item.seriesName, `step ${whole(item.value[0])}: ${show(item.value[1])}`]),
        },
        series: [
          line('loss', loss, 0, c.basin(3), 'circle'),
          line('accuracy', accuracy, 1, c.basin(2), 'diamond'),
        ],
      };
    },
  );
}

const clusterName = (cluster) => (cluster < 0 ? 'apart' : `${cluster + 1}`);

/** How many models go from which cluster of a step to which of the next. */
function alluvial() {
  const clusterAt = (step, model) => number((step.assignments ?? [])[model]);
  const nodes = new Map();
  const flows = new Map();
  steps.forEach((step, s) =>
    labels.forEach((_, model) => {
      const cluster = clusterAt(step, model);
      const name = `${s}:${cluster}`;
      const node = nodes.get(name) ?? { name, depth: s, cluster, count: 0 };
      node.count += 1;
      nodes.set(name, node);
      if (s + 1 < steps.length) {
        const target = `${s + 1}:${clusterAt(steps[s + 1], model)}`;
        const key = `${name}>${target}`;
        const flow = flows.get(key) ?? { source: name, target, value: 0 };
        flow.value += 1;
        flows.set(key, flow);
      }
    }),
  );
  const nodeWord = (node) =>
    steps[node.depth].oneBasin && node.cluster >= 0
      ? 'no split'
      : node.cluster < 0
        ? 'apart'
        : `cluster ${clusterName(node.cluster)}`;
  const told = (name) => {
    const node = nodes.get(name);
    return `step ${whole(at[node.depth])}, ${nodeWord(node)}`;
  };
  byId('alluvial-caption').textContent =
    `${plural(labels.length, 'model')} at the steps ${at.map((step) => whole(step)).join(', ')}, from left to right; bands are as wide as the models that go their way.`;
  chart(
    'alluvial',
    `Models between clusters. ${[...flows.values()]
      .map((flow) => `${told(flow.source)} to ${told(flow.target)}: ${flow.value}`)
      .join('; ')}.`,
    () => {
      const c = colours();
      const colour = (node) =>
        node.cluster < 0 || steps[node.depth].oneBasin ? c.muted : c.basin(node.cluster);
      return {
        tooltip: {
          formatter: (item) =>
            item.dataType === 'edge'
              ? lines([
                  plural(item.data.value, 'model'),
                  `${told(item.data.source)} to ${told(item.data.target)}`,
                ])
              : lines([told(item.name), plural(nodes.get(item.name).count, 'model')]),
        },
        series: [
          {
            type: 'sankey',
            left: 8,
            right: 90,
            top: 12,
            bottom: 12,
            draggable: false,
            emphasis: { focus: 'adjacency' },
            nodeAlign: 'left',
            layoutIterations: 0,
            data: [...nodes.values()]
              .sort((a, b) => a.depth - b.depth || a.cluster - b.cluster)
              .map((node) => ({
                name: node.name,
                depth: node.depth,
                itemStyle: { color: colour(node), borderWidth: 0 },
                label: {
                  formatter: `${nodeWord(node)} (${node.count})`,
                  color: c.text,
                  fontSize: 11,
                },
              })),
            links: [...flows.values()].map((flow) => ({
              ...flow,
              lineStyle: { color: colour(nodes.get(flow.target)), opacity: 0.35 },
            })),
          },
        ],
      };
    },
  );
}

function forecast() {
  const told = steps
    .map((step, i) => ({ at: at[i], found: step.forecast }))
    .filter((step) => step.found);
  if (!told.length) return;
  const majority = number(told[0].found.majorityAccuracy);
  const accuracy = (step) => number(step.found.accuracy);
  const low = (step) => number(step.found.accuracyInterval?.low);
  const high = (step) => number(step.found.accuracyInterval?.high);
  byId('forecast-caption').textContent =
    `Share of the ${plural(number(told[0].found.modelCount), 'model')} of the two largest basins of the last step whose basin the convexity gaps of a step tell, each model left out; bars: Wilson, 95 % interval. Dashed: saying the larger basin always.`;
  chart(
    'forecast',
    `${told
      .map(
        (step) =>
          `Step ${step.at}: ${show(accuracy(step), 2)} (${show(low(step), 2)} to ${show(high(step), 2)})`,
      )
      .join(', ')}; the larger basin always: ${show(majority, 2)}.`,
    () => {
      const c = colours();
      return {
        grid: { left: 72, right: 20, top: 16, bottom: 40 },
        xAxis: stepAxis(),
        yAxis: axis('predicted right', { scale: false, min: 0, max: 1, nameGap: 54 }),
        tooltip: {
          formatter: (item) =>
            lines([`step ${whole(item.value[0])}`, `right: ${show(item.value[1], 2)}`]),
        },
        series: [
          {
            type: 'custom',
            silent: true,
            data: told.map((step) => [step.at, low(step), high(step)]),
            encode: { x: 0, y: [1, 2] },
            renderItem: (_, api) => {
              const [x, top] = api.coord([api.value(0), api.value(2)]);
              const [, bottom] = api.coord([api.value(0), api.value(1)]);
              return {
                type: 'line',
                shape: { x1: x, y1: top, x2: x, y2: bottom },
                style: { stroke: c.basin(0), lineWidth: 1.5 },
              };
            },
          },
          {
            type: 'line',
            name: 'accuracy',
            symbolSize: 8,
            color: c.basin(0),
            data: told.map((step) => [step.at, accuracy(step)]),
          },
          {
            type: 'line',
            silent: true,
            symbol: 'none',
            color: c.muted,
            lineStyle: { type: 'dashed' },
            data: [
              [at[0], majority],
              [at[at.length - 1], majority],
            ],
          },
        ],
      };
    },
  );
}

attempt('connectivity', connectivity);
attempt('before and after', slopes);
attempt('clusters', movement);
attempt('loss and accuracy', scores);
attempt('clusters from step to step', alluvial);
attempt('forecast', forecast);
finish();
