/* The distances between models, and the basins found in them. */
function heatmap() {
  const leaves = dendrogramLeaves();
  const orders = [
    ...(leaves.length ? [['by linkage', leaves]] : []),
    ...diagnostics.map((_, d) => [
      `by ${diagnosticName(d)}`,
      ranked(models.map((model) => score(model, d))),
    ]),
    ...(split ? [['by basin', ranked(models.map(cluster))]] : []),
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
  const format = formatOf(greatest, 2),
    exact = formatOf(greatest, 5);
  const missing = pairs.length - finite.length;
  byId('heatmap-caption').textContent =
    `${distanceTitle[0].toUpperCase()}${distanceTitle.slice(1)} of each pair; ${dark.matches ? 'bright' : 'dark'} means far apart.${split ? " B1, B2, \u2026 after a model's name is its basin." : ''}` +
    (leaves.length
      ? ` Right, in linkage order: average linkage, a fork at the mean distance of what it joins${models.some((model) => cluster(model) < 0) ? ', a ring an outlier' : ''}.`
      : '') +
    (missing
      ? ` ${plural(missing, 'pair')} without a finite value ${missing === 1 ? 'is' : 'are'} grey.`
      : '');

  let order = [];
  function draw() {
    const orderName = orders[Number(select.value || 0)][0];
    order = orders[Number(select.value || 0)][1];
    const tag = (c) => (c < 0 ? ' \u00b7 outlier' : split ? ` \u00b7 B${c + 1}` : '');
    const names = order.map((i) => shortLabel(i) + tag(cluster(models[i])));
    const clusterOf = new Map(names.map((name, at) => [name, cluster(models[order[at]])]));
    const cells = [],
      blanks = [];
    order.forEach((i, x) =>
      order.forEach((j, y) => {
        if (i !== j && Number.isFinite(distances[i][j])) cells.push([x, y, distances[i][j]]);
        else blanks.push({ value: [x, y, 0], name: i === j ? '' : show(distances[i][j]) });
      }),
    );
    const tree = leaves.length > 0 && order === leaves;
    chart(
      'heatmap',
      `Heat map of the ${distanceName} of all pairs of ${models.length} models, ordered ${orderName}${tree ? ', with the dendrogram of average linkage beside it' : ''}. The pair table in pairs.csv holds the values.`,
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
        const room = box.clientHeight - place.top - place.bottom;
        const few = (box.clientWidth - place.left - place.right) / models.length > 30;
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
            interval: Math.max(0, Math.ceil((models.length * (size + 2)) / Math.max(room, 1)) - 1),
            width: gutter - 10,
            overflow: 'truncate',
            color: (name) => c.basin(clusterOf.get(name) ?? 0),
          },
        });
        return {
          grid: [
            place,
            ...(tree ? [{ ...place, left: box.clientWidth - place.right + 4, right: 10 }] : []),
          ],
          xAxis: [side(false), ...(tree ? [heightAxis()] : [])],
          yAxis: [side(true), ...(tree ? [leafAxis()] : [])],
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
            text: [`${format(greatest)}${distanceUnit && ` ${distanceUnit}`}`, '0'],
          },
          tooltip: {
            formatter: (item) => {
              if (item.seriesIndex === FORKS) return item.name;
              const a = order[item.value[0]],
                b = order[item.value[1]];
              if (a === b)
                return lines([label(a), ...(split ? [basinName(cluster(models[a]))] : [])]);
              const one = pairOf.get(pairKey(a, b));
              return lines([
                `${label(a)} \u2013 ${label(b)}`,
                `${distanceTitle}: ${exact(distances[a][b])}`,
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
  draw();
  charts.get('heatmap').drawn.on('click', (cell) => {
    if (cell.seriesType === 'heatmap') pick(order[cell.value[0]], order[cell.value[1]]);
  });
  onPick.push(() => charts.get('heatmap').redraw());
}

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
  const merges = verdict.linkage ?? [];
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
  return axis('', {
    gridIndex: 1,
    min: 0,
    scale: false,
    splitNumber: 2,
    splitLine: { show: false },
    axisLine: { lineStyle: { color: 'transparent' } },
    axisTick: { show: false },
    axisLabel: { color: colours().muted, fontSize: 10 },
  });
}
const leafAxis = () => ({
  type: 'value',
  gridIndex: 1,
  min: -0.5,
  max: models.length - 0.5,
  inverse: true,
  show: false,
});
/** Forks at the mean distance of what they join, in a cluster's colour within it; outliers ringed. */
function dendrogram(leaves, c, exact) {
  const nodes = [];
  leaves.forEach((i, y) => {
    nodes[i] = { x: 0, y, size: 1, cluster: cluster(models[i]) };
  });
  const forks = (verdict.linkage ?? []).map((merge, m) => {
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
      name: `${first.size} and ${plural(second.size, 'model')} join at ${exact(x)}${distanceUnit && ` ${distanceUnit}`}`,
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
      data: leaves.flatMap((i, y) => (cluster(models[i]) < 0 ? [[0, y]] : [])),
    },
  ];
}

/** Distances within against across basins: what a split's separation is about. */
function strip() {
  byId('strip').hidden = byId('strip-caption').hidden = !split;
  if (!split) return;
  const inBasin = (i) => cluster(models[number(i)]) >= 0;
  const finite = pairs.filter(
    (one) => Number.isFinite(number(one.distance)) && inBasin(one.modelA) && inBasin(one.modelB),
  );
  // Strewn over a row without a generator: the golden ratio's multiples are even.
  const rows = [finite.filter(isWithin), finite.filter((one) => !isWithin(one))].map((row, r) =>
    row.map((one, i) => ({
      value: [number(one.distance), r + 0.6 * (((i * 0.618034) % 1) - 0.5)],
      pair: one,
    })),
  );
  const names = ['within', 'across'];
  const middles = rows.map((row) => median(row.map((point) => point.value[0])));
  const greatest = greatestOf(finite.map((one) => number(one.distance)));
  const format = formatOf(greatest, 3),
    exact = formatOf(greatest, 5);
  const separation = `separation ${show(number(verdict.separation))}, ${show(number(verdict.separationNeeded))} needed`;
  byId('strip-caption').textContent =
    `Each dot a pair${models.some((model) => cluster(model) < 0) ? ' without an outlier' : ''}, each bar a median; ${separation}: the probability that a distance across basins exceeds one within.`;
  chart(
    'strip',
    `Distances of ${plural(rows[0].length, 'pair')} within basins, median ${format(middles[0])}, against ${plural(rows[1].length, 'pair')} across, median ${format(middles[1])}: ${separation}.`,
    () => {
      const c = colours();
      const colour = [c.basin(0), c.across];
      return {
        grid: { left: 54, right: 14, top: 6, bottom: 42 },
        xAxis: axis(distanceTitle, {
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
              `${distanceTitle}: ${exact(item.value[0])}`,
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
