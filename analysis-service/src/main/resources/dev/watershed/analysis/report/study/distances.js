/* The distances between models, and the basins found in them. */
function heatmap() {
  const orders = [
    ...diagnostics.map((_, d) => [
      `by ${diagnosticName(d)}`,
      ranked(models.map((model) => score(model, d))),
    ]),
    ...(split ? [['by basin', ranked(models.map(cluster))]] : []),
    ['by linkage', leaves()],
    ['by in-domain accuracy', ranked(models.map((model) => number(model.inDomain?.accuracy)))],
    ['as given', [...models.keys()]],
  ];
  const select = byId('order');
  orders.forEach(([name], i) => select.append(element('option', { value: i }, name)));
  select.addEventListener('change', draw);
  const distances = models.map(() => new Array(models.length).fill(NaN));
  for (const pair of pairs) {
    const a = number(pair.modelA),
      b = number(pair.modelB);
    distances[a][b] = distances[b][a] = number(pair.distance);
  }
  const finite = pairs.map((pair) => number(pair.distance)).filter(Number.isFinite);
  const greatest = finite.reduce((most, value) => Math.max(most, value), 0) || 1;
  const missing = pairs.length - finite.length;
  byId('heatmap-caption').textContent =
    `${distanceTitle[0].toUpperCase()}${distanceTitle.slice(1)} of each pair; ${dark.matches ? 'bright' : 'dark'} means far apart.${split ? " B1, B2, \u2026 after a model's name is its basin." : ''}` +
    (missing
      ? ` ${plural(missing, 'pair')} without a finite value ${missing === 1 ? 'is' : 'are'} grey.`
      : '');

  function draw() {
    const [orderName, order] = orders[Number(select.value || 0)];
    const tag = (c) => (c < 0 ? ' \u00b7 outlier' : split ? ` \u00b7 B${c + 1}` : '');
    const names = order.map((i) => label(i) + tag(cluster(models[i])));
    const clusterOf = new Map(names.map((name, at) => [name, cluster(models[order[at]])]));
    const cells = [],
      blanks = [];
    order.forEach((i, x) =>
      order.forEach((j, y) => {
        if (i !== j && Number.isFinite(distances[i][j])) cells.push([x, y, distances[i][j]]);
        else blanks.push({ value: [x, y, 0], name: i === j ? '' : show(distances[i][j]) });
      }),
    );
    const few = models.length <= 12;
    chart(
      'heatmap',
      `Heat map of the ${distanceName} of all pairs of ${models.length} models, ordered ${orderName}. The pair table in pairs.csv holds the values.`,
      () => {
        const c = colours();
        const side = (inverse) => ({
          type: 'category',
          data: names,
          inverse,
          axisTick: { show: false },
          axisLine: { show: false },
          splitLine: { show: false },
          axisLabel: {
            rotate: inverse ? 0 : 45,
            fontSize: models.length > 40 ? 9 : 11,
            interval: Math.ceil(models.length / 40) - 1,
            width: 110,
            overflow: 'truncate',
            color: (name) => c.basin(clusterOf.get(name) ?? 0),
          },
        });
        return {
          grid: { left: 8, right: 64, top: 8, bottom: 8, containLabel: true },
          xAxis: side(false),
          yAxis: side(true),
          visualMap: {
            min: 0,
            max: greatest,
            seriesIndex: 0,
            right: 0,
            top: 'middle',
            itemWidth: 12,
            itemHeight: 180,
            inRange: { color: c.ramp },
            textStyle: { color: c.muted },
            precision: 3,
            calculable: false,
            text: [show(greatest), '0'],
          },
          tooltip: {
            formatter: (item) => {
              const a = order[item.value[0]],
                b = order[item.value[1]];
              if (a === b)
                return lines([label(a), ...(split ? [basinName(cluster(models[a]))] : [])]);
              const pair = pairs.find(
                (p) =>
                  (number(p.modelA) === a && number(p.modelB) === b) ||
                  (number(p.modelA) === b && number(p.modelB) === a),
              );
              const m = pair?.metrics;
              return lines([
                `${label(a)} \u2013 ${label(b)}`,
                `${distanceTitle}: ${show(distances[a][b])}`,
                ...(m
                  ? [
                      `BH ${show(number(m.barrierHeightNats))}${interval(pair.uncertainty?.barrierHeight)} nats`,
                      `CG ${show(number(m.convexityGapNats))}${interval(pair.uncertainty?.convexityGap)} nats${pair.convexityGapToleranceNats === undefined ? '' : `, at most ${show(Number(pair.convexityGapToleranceNats))} more`}`,
                    ]
                  : []),
                ...(m && m.improvedConvexityGapNats !== undefined
                  ? [`ICG ${show(Number(m.improvedConvexityGapNats))} nats`]
                  : []),
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
              label: { show: few, formatter: (item) => show(item.value[2], 2), fontSize: 11 },
              emphasis: { itemStyle: { borderColor: c.text, borderWidth: 1 } },
            },
            {
              type: 'heatmap',
              progressive: 0,
              data: blanks,
              itemStyle: { color: c.none, borderColor: c.card, borderWidth: few ? 2 : 0 },
              label: { show: few, formatter: '{b}', color: c.muted },
            },
          ],
        };
      },
      models.length > 60 ? 'canvas' : 'svg',
    );
  }
  draw();
}

/** The models from left to right in the dendrogram of average linkage. */
function leaves() {
  const merges = verdict.linkage ?? [];
  if (merges.length !== models.length - 1) return [...models.keys()];
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

function basins() {
  byId('basins-heading').textContent = split ? 'Basins' : undecided ? 'Undecided' : 'No split';
  byId('verdict').textContent =
    (verdict.sentence ??
      'This report was made before verdicts were told; study the models again.') +
    (verdict.stability === undefined
      ? ''
      : ` Partitions of resampled examples agree with it by an adjusted Rand index of ${show(number(verdict.stability))} on average.`) +
    (verdict.shuffledSeparation === undefined
      ? ''
      : ` Distances dealt to other pairs by chance have a separation up to ${show(number(verdict.shuffledSeparation))} (95 %).`) +
    (report.epsilonConvexNats === undefined
      ? ''
      : ` All pairs are epsilon-convex at ${show(number(report.epsilonConvexNats))} nats.`);
  table(
    'basins',
    'Sizes, and the median distance of their pairs',
    [
      { name: split ? 'Basin' : '' },
      { name: 'Models' },
      { name: split ? 'Median within' : 'Median' },
    ],
    Array.from({ length: clusterCount }, (_, c) => [
      basinTag(c),
      whole(models.filter((model) => cluster(model) === c).length),
      median(
        pairs
          .filter((pair) => isWithin(pair) && cluster(models[number(pair.modelA)]) === c)
          .map((pair) => number(pair.distance)),
      ),
    ]),
  );
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
