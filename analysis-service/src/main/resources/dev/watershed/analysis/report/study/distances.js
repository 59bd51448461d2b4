/* The distances between models, and the basins found in them. */
function heatmap() {
  const select = byId('order'),
    distances = byId('distance');
  views.forEach((one, i) => distances.append(element('option', { value: i }, one.name)));
  distances.parentElement.hidden = views.length < 2;
  const byScore = [
    ...diagnostics.map((_, d) => [
      `by ${diagnosticName(d)}`,
      ranked(models.map((model) => score(model, d))),
    ]),
    ['by in-domain accuracy', ranked(models.map((model) => number(model.inDomain?.accuracy)))],
    ['as given', [...models.keys()]],
  ];
  let leaves, orders, order, zoomed;
  function see() {
    look(Number(distances.value || 0));
    leaves = dendrogramLeaves();
    orders = [
      ...(leaves.length ? [['by linkage', leaves]] : []),
      ...(view.split ? [['by basin', ranked([...models.keys()].map(view.cluster))]] : []),
      ...byScore,
    ];
    const before = select.selectedOptions[0]?.textContent;
    select.replaceChildren(...orders.map(([name], i) => element('option', { value: i }, name)));
    const same = orders.findIndex(([name]) => name === before);
    select.value = Math.max(0, same);
    byId('variant').hidden = view === views[0];
    byId('variant').textContent =
      `By ${view.name}: ${view.verdict.sentence ?? ''}` +
      (view.verdict.stability === undefined
        ? ` No stability: ${view.leftOut}`
        : ` Partitions of ${plural(number(view.verdict.stabilityResampleCount), 'resample')} of examples agree with it by an adjusted Rand index of ${show(view.verdict.stability)} on average.`);
    draw();
  }
  distances.addEventListener('change', () => {
    see();
    attempt('within against across', strip);
  });
  select.addEventListener('change', draw);

  function draw() {
    zoomed = undefined;
    const apart = models.map(() => new Array(models.length).fill(NaN));
    for (const pair of pairs) {
      const a = number(pair.modelA),
        b = number(pair.modelB);
      apart[a][b] = apart[b][a] = view.of(pair);
    }
    const finite = pairs.map(view.of).filter(Number.isFinite);
    const greatest = finite.reduce((most, value) => Math.max(most, value), 0) || 1;
    const format = formatOf(greatest, 2),
      exact = formatOf(greatest, 5);
    const missing = pairs.length - finite.length;
    const orderName = orders[Number(select.value || 0)][0];
    order = orders[Number(select.value || 0)][1];
    const tag = (c) => (c < 0 ? ' \u00b7 outlier' : view.split ? ` \u00b7 B${c + 1}` : '');
    const names = order.map((i) => shortLabel(i) + tag(view.cluster(i)));
    const clusterOf = new Map(names.map((name, at) => [name, view.cluster(order[at])]));
    const cells = [],
      blanks = [];
    order.forEach((i, x) =>
      order.forEach((j, y) => {
        if (i !== j && Number.isFinite(apart[i][j])) cells.push([x, y, apart[i][j]]);
        else blanks.push({ value: [x, y, 0], name: i === j ? '' : show(apart[i][j]) });
      }),
    );
    const tree = leaves.length > 0 && order === leaves;
    const zoomable = models.length > 20;
    byId('heatmap-caption').textContent =
      `${view.title[0].toUpperCase()}${view.title.slice(1)} of each pair; ${dark.matches ? 'bright' : 'dark'} means far apart.${view.split ? " B1, B2, \u2026 after a model's name is its basin." : ''}` +
      (tree
        ? ` Right: average linkage, a fork at the mean distance of what it joins${[...models.keys()].some((i) => view.cluster(i) < 0) ? ', a ring an outlier' : ''}.`
        : '') +
      (zoomable ? ' Ctrl and the wheel, or two fingers, zoom; dragging moves.' : '') +
      (missing
        ? ` ${plural(missing, 'pair')} without a finite value ${missing === 1 ? 'is' : 'are'} grey.`
        : '');
    chart(
      'heatmap',
      `Heat map of the ${view.name} of all pairs of ${models.length} models, ordered ${orderName}${tree ? ', with the dendrogram of average linkage beside it' : ''}. The pair table in pairs.csv holds the values.`,
      () => {
        const c = colours();
        const box = byId('heatmap');
        const size = models.length > 40 ? 9 : 11;
        const longest = Math.max(0, ...names.map((name) => name.length));
        const gutter = Math.min(130, 0.3 * box.clientWidth, longest * size * 0.64 + 18);
        const place = {
          left: gutter,
          right: tree ? 22 + 0.18 * box.clientWidth : 12,
          top: 34,
          bottom: 0.75 * gutter + 10,
        };
        const seen = zoomed ? zoomed.y[1] - zoomed.y[0] + 1 : models.length;
        const wide = box.clientWidth - place.left - place.right;
        const few = wide / seen > 30;
        const side = (inverse) => ({
          type: 'category',
          data: names,
          inverse,
          axisTick: { show: false },
          axisLine: { show: false },
          splitLine: { show: false },
          axisLabel: {
            rotate: inverse ? 0 : 45,
            fontSize: size,
            interval: thinned(
              seen * (size + 2),
              inverse ? box.clientHeight - place.top - place.bottom : 0.75 * wide,
            ),
            width: gutter - 10,
            overflow: 'truncate',
            color: (name) => c.basin(clusterOf.get(name) ?? 0),
          },
        });
        const inside = (axisOf, ends) => ({
          type: 'inside',
          ...axisOf,
          filterMode: 'none',
          zoomOnMouseWheel: 'ctrl',
          preventDefaultMouseMove: false,
          ...(ends ? { startValue: ends[0], endValue: ends[1] } : {}),
        });
        return {
          grid: [
            place,
            ...(tree ? [{ ...place, left: box.clientWidth - place.right + 4, right: 10 }] : []),
          ],
          xAxis: [side(false), ...(tree ? [heightAxis()] : [])],
          yAxis: [side(true), ...(tree ? [leafAxis(zoomed?.y)] : [])],
          dataZoom: zoomable
            ? [inside({ xAxisIndex: 0 }, zoomed?.x), inside({ yAxisIndex: 0 }, zoomed?.y)]
            : [],
          visualMap: {
            min: 0,
            max: greatest,
            seriesIndex: 0,
            orient: 'horizontal',
            left: gutter,
            top: 0,
            itemWidth: 12,
            itemHeight: 140,
            inRange: { color: c.ramp },
            textStyle: { color: c.muted },
            precision: 8,
            calculable: false,
            text: [`${format(greatest)}${view.unit && ` ${view.unit}`}`, '0'],
          },
          tooltip: {
            formatter: (item) => {
              if (item.seriesIndex === FORKS) return item.name;
              const a = order[item.value[0]],
                b = order[item.value[1]];
              if (a === b)
                return lines([label(a), ...(view.split ? [view.basinName(view.cluster(a))] : [])]);
              const one = pairOf.get(pairKey(a, b));
              return lines([
                `${label(a)} \u2013 ${label(b)}`,
                `${view.title}: ${exact(apart[a][b])}`,
                ...(one ? pairFacts(one, 5) : []),
              ]);
            },
          },
          series: [
            {
              type: 'heatmap',
              progressive: 0,
              data: cells.map((value) => ({
                value,
                label: { color: value[2] > greatest * 0.55 ? c.card : c.text },
              })),
              itemStyle: {
                borderColor: c.card,
                borderWidth: few ? 2 : models.length > 80 ? 0 : 1,
              },
              label: { show: few, formatter: (item) => format(item.value[2]), fontSize: 11 },
              emphasis: { itemStyle: { borderColor: c.text, borderWidth: 1 } },
            },
            {
              type: 'heatmap',
              progressive: 0,
              data: blanks,
              itemStyle: { color: c.none, borderColor: c.card, borderWidth: few ? 2 : 0 },
              label: { show: few, formatter: '{b}', color: c.muted },
            },
            ...(tree ? dendrogram(leaves, c, exact) : []),
            ...(picked ? [outlined(order, c)] : []),
          ],
        };
      },
      models.length > 60 ? 'canvas' : 'svg',
    );
  }
  see();
  const { drawn } = charts.get('heatmap');
  drawn.on('click', (cell) => {
    if (cell.seriesType === 'heatmap') pick(order[cell.value[0]], order[cell.value[1]]);
  });
  drawn.on('datazoom', () => {
    const [x, y] = drawn.getOption().dataZoom;
    zoomed = { x: [x.startValue, x.endValue], y: [y.startValue, y.endValue] };
    // The dendrogram follows, and labels and numbers as there is room.
    charts.get('heatmap').redraw();
  });
  onPick.push(() => charts.get('heatmap').redraw());
}

/** How many labels are left out after each, so that what they need fits the room. */
const thinned = (needed, room) => Math.max(0, Math.ceil(needed / Math.max(room, 1)) - 1);

/** A frame around the picked pair's two cells. */
function outlined(order, c) {
  const x = order.indexOf(number(picked.modelA)),
    y = order.indexOf(number(picked.modelB));
  return {
    type: 'custom',
    silent: true,
    z: 4,
    data: [
      [x, y],
      [y, x],
    ],
    renderItem: (_, api) => {
      const [width, height] = api.size([1, 1]);
      const [left, top] = api.coord([api.value(0), api.value(1)]);
      return {
        type: 'rect',
        shape: { x: left - width / 2, y: top - height / 2, width, height },
        style: { fill: 'none', stroke: c.picked, lineWidth: 2.5 },
      };
    },
  };
}

/** The models in the order of the dendrogram's leaves, none where the report has no linkage. */
function dendrogramLeaves() {
  const merges = view.verdict.linkage ?? [];
  if (models.length === 0 || merges.length !== models.length - 1) return [];
  const found = [],
    open = [2 * models.length - 2];
  while (open.length) {
    const one = open.pop();
    if (one < models.length) found.push(one);
    else {
      const merge = merges[one - models.length];
      open.push(number(merge.second), number(merge.first));
    }
  }
  return found;
}

/** The dendrogram's place among the heat map's series. */
const FORKS = 2;
function heightAxis() {
  const heights = (view.verdict.linkage ?? []).map((merge) => number(merge.height));
  return axis('', {
    gridIndex: 1,
    min: 0,
    // Lines alone do not stretch an axis beyond 1.
    max: Math.max(...heights.filter(Number.isFinite), 0) || 1,
    scale: false,
    splitNumber: 2,
    splitLine: { show: false },
    axisLine: { lineStyle: { color: 'transparent' } },
    axisTick: { show: false },
    axisLabel: { color: colours().muted, fontSize: 10 },
  });
}
const leafAxis = ([first, last] = [0, models.length - 1]) => ({
  type: 'value',
  gridIndex: 1,
  min: first - 0.5,
  max: last + 0.5,
  inverse: true,
  show: false,
});
/** Forks at the mean distance of what they join, in a cluster's colour within it; outliers ringed. */
function dendrogram(leaves, c, exact) {
  const nodes = [];
  leaves.forEach((i, y) => {
    nodes[i] = { x: 0, y, size: 1, cluster: view.cluster(i) };
  });
  const forks = (view.verdict.linkage ?? []).map((merge, m) => {
    const first = nodes[number(merge.first)],
      second = nodes[number(merge.second)],
      x = number(merge.height);
    const joined = {
      x,
      y: (first.y + second.y) / 2,
      size: first.size + second.size,
      cluster: first.cluster === second.cluster ? first.cluster : NaN,
    };
    nodes[models.length + m] = joined;
    return {
      name: `${first.size} and ${plural(second.size, 'model')} join at ${exact(x)}${view.unit && ` ${view.unit}`}`,
      coords: [
        [first.x, first.y],
        [x, first.y],
        [x, second.y],
        [second.x, second.y],
      ],
      lineStyle: { color: joined.cluster >= 0 ? c.basin(joined.cluster) : c.across },
    };
  });
  const place = { xAxisIndex: 1, yAxisIndex: 1 };
  return [
    {
      type: 'lines',
      coordinateSystem: 'cartesian2d',
      ...place,
      polyline: true,
      data: forks,
      lineStyle: { width: models.length > 60 ? 1 : 1.5, opacity: 1 },
    },
    {
      type: 'scatter',
      ...place,
      silent: true,
      symbol: 'circle',
      symbolSize: 7,
      itemStyle: { color: c.card, borderColor: c.picked, borderWidth: 2 },
      data: leaves.flatMap((i, y) => (view.cluster(i) < 0 ? [[0, y]] : [])),
    },
  ];
}

/** Distances within against across basins: what a split's separation is about. */
function strip() {
  byId('strip').hidden = byId('strip-caption').hidden = !view.split;
  const saved = byId('strip').nextElementSibling;
  if (saved.className === 'saving') saved.hidden = !view.split;
  if (!view.split) return;
  const at = (one) => [view.cluster(number(one.modelA)), view.cluster(number(one.modelB))];
  const within = (one) => at(one)[0] === at(one)[1];
  const finite = pairs.filter(
    (one) => Number.isFinite(view.of(one)) && at(one).every((c) => c >= 0),
  );
  // Strewn over a row without a generator: the golden ratio's multiples are even.
  const rows = [finite.filter(within), finite.filter((one) => !within(one))].map((row, r) =>
    row.map((one, i) => ({
      value: [view.of(one), r + 0.6 * (((i * 0.618034) % 1) - 0.5)],
      pair: one,
    })),
  );
  const names = ['within', 'across'];
  const middles = rows.map((row) => median(row.map((point) => point.value[0])));
  const greatest = greatestOf(finite.map(view.of));
  const format = formatOf(greatest, 3),
    exact = formatOf(greatest, 5);
  const separation = `separation ${show(number(view.verdict.separation))}, ${show(number(view.verdict.separationNeeded))} needed`;
  byId('strip-caption').textContent =
    `Each dot a pair${[...models.keys()].some((i) => view.cluster(i) < 0) ? ' without an outlier' : ''}, each bar a median; ${separation}: the probability that a distance across basins exceeds one within.`;
  chart(
    'strip',
    `Distances of ${plural(rows[0].length, 'pair')} within basins, median ${format(middles[0])}, against ${plural(rows[1].length, 'pair')} across, median ${format(middles[1])}: ${separation}.`,
    () => {
      const c = colours();
      const colour = [c.basin(0), c.across];
      return {
        grid: { left: 54, right: 14, top: 6, bottom: 42 },
        xAxis: axis(view.title, {
          min: 0,
          scale: false,
          splitLine: { show: false },
          axisLine: { onZero: false, lineStyle: { color: c.line } },
        }),
        yAxis: axis('', {
          min: -0.5,
          max: 1.5,
          interval: 0.5,
          inverse: true,
          axisLine: { show: false },
          axisTick: { show: false },
          splitLine: { show: false },
          axisLabel: { color: c.text, formatter: (value) => names[value] ?? '' },
        }),
        tooltip: {
          formatter: (item) =>
            lines([
              `${label(number(item.data.pair.modelA))} \u2013 ${label(number(item.data.pair.modelB))}`,
              `${view.title}: ${exact(item.value[0])}`,
            ]),
        },
        series: [
          ...rows.map((row, r) => ({
            type: 'scatter',
            symbolSize: finite.length > 1000 ? 3 : 5,
            data: row,
            itemStyle: { color: colour[r], opacity: finite.length > 300 ? 0.35 : 0.7 },
          })),
          {
            type: 'custom',
            silent: true,
            z: 5,
            data: middles.flatMap((value, r) => (Number.isFinite(value) ? [[value, r]] : [])),
            renderItem: (_, api) => {
              const [x, y] = api.coord([api.value(0), api.value(1)]);
              const half = api.size([0, 0.8])[1] / 2;
              return {
                type: 'line',
                shape: { x1: x, y1: y - half, x2: x, y2: y + half },
                style: { stroke: c.text, lineWidth: 2.5 },
              };
            },
          },
        ],
      };
    },
    finite.length > 1000 ? 'canvas' : 'svg',
  );
  charts.get('strip').drawn.off('click');
  charts.get('strip').drawn.on('click', ({ data }) => {
    if (data.pair) pick(number(data.pair.modelA), number(data.pair.modelB));
  });
}

/** What the papers' clustering stands on. */
function spectrum() {
  const eigenvalues = (clustering.eigenvalues ?? []).map(Number).slice(0, 20);
  byId('spectrum-caption').textContent =
    `Smallest eigenvalues of the normalised Laplacian; the coloured ones carry the clusters. Eigengap ${show(number(clustering.eigengap))}, mean silhouette ${show(number(clustering.silhouette))}` +
    (clustering.connected ? '.' : '; the affinity graph is not connected.');
  chart(
    'spectrum',
    `Bar chart of the ${eigenvalues.length} smallest eigenvalues of the Laplacian: ${eigenvalues.map((value) => show(value)).join(', ')}.`,
    () => {
      const c = colours();
      return {
        grid: { left: 8, right: 8, top: 12, bottom: 8, containLabel: true },
        xAxis: {
          type: 'category',
          data: eigenvalues.map((_, i) => i + 1),
          axisLabel: { color: c.muted },
          axisTick: { show: false },
          axisLine: { lineStyle: { color: c.line } },
        },
        yAxis: axis('', { scale: false, min: 0, splitNumber: 3 }),
        tooltip: {
          formatter: (item) => lines([`Eigenvalue ${item.dataIndex + 1}`, show(item.value, 6)]),
        },
        series: [
          {
            type: 'bar',
            barMaxWidth: 26,
            data: eigenvalues.map((value, i) => ({
              value: Number.isFinite(value) ? Math.max(0, value) : null,
              itemStyle: {
                color: i < clusterCount ? c.basin(0) : c.line,
                borderRadius: [3, 3, 0, 0],
              },
            })),
          },
        ],
      };
    },
  );
}
