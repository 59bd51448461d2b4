/* Other distances of the models against the chosen one, over pairs. */
/** Surfaces of diagnostics along the lines, each by its convexity gap. */
const surfaces = (report.variants ?? [])
  .filter(
    (one) => one.alongDiagnostic !== undefined && one.distance === 'DISTANCE_METRIC_CONVEXITY_GAP',
  )
  .map((one) => ({
    ...one.againstChosen,
    name: `convexity gap on ${diagnosticName(number(one.alongDiagnostic))}`,
    apart: distanceBy(one),
  }));
const comparisons = [
  ...(report.groups ?? []),
  ...(report.euclidean ? [report.euclidean] : []),
  ...(pairs.every((pair) => pair.metrics) ? surfaces : []),
];

/** How far a pair is apart by a comparison: by its diagnostics' scores, or by the weights. */
function apartBy(comparison) {
  if (comparison === report.euclidean) return (pair) => number(pair.euclideanDistance);
  if (comparison.apart) return comparison.apart;
  const members = diagnostics.flatMap((one, d) => (one.group === comparison.name ? [d] : []));
  return (pair) =>
    Math.hypot(
      ...members.map(
        (d) => score(models[number(pair.modelA)], d) - score(models[number(pair.modelB)], d),
      ),
    );
}

function against(at) {
  const comparison = comparisons[at];
  const name = comparison.name ?? '';
  const id = `against-${at}`;
  const caption = element('figcaption');
  byId('against').append(
    element(
      'figure',
      {},
      element('h3', {}, `${name} against ${distanceName}`),
      element('div', { className: 'chart', id, role: 'img' }),
      caption,
    ),
  );
  const apart = apartBy(comparison);
  const inBasins = (pair) =>
    [pair.modelA, pair.modelB].every((i) => cluster(models[number(i)]) >= 0);
  const kinds = [
    {
      name: split ? 'within' : 'pairs',
      has: (pair) => inBasins(pair) && isWithin(pair),
      fit: split ? comparison.fitWithin : comparison.fit,
      colour: (c) => c.basin(0),
    },
    ...(split
      ? [
          {
            name: 'across',
            has: (pair) => inBasins(pair) && !isWithin(pair),
            fit: comparison.fitAcross,
            colour: (c) => c.across,
          },
        ]
      : []),
  ].map((kind) => ({
    ...kind,
    points: pairs
      .filter(kind.has)
      .map((pair) => ({ value: [number(pair.distance), apart(pair)], pair }))
      .filter(({ value }) => value.every(Number.isFinite)),
  }));
  const rOf = (fit) => (fit ? rText(fit) : '\u2013');
  caption.textContent =
    `Each dot a pair. r over all ${rOf(comparison.fit)}` +
    (split
      ? `, within basins ${rOf(comparison.fitWithin)}, across ${rOf(comparison.fitAcross)}`
      : '') +
    ` (95 % by resampling models)` +
    (comparison.mantel ? `; Mantel p = ${showP(number(comparison.mantel.p))}.` : '.') +
    ' Lines are least squares.';
  const line = (fit, points) => {
    const slope = optional(fit?.slope),
      intercept = optional(fit?.intercept ?? (fit ? 0 : undefined));
    const xs = points.map(({ value }) => value[0]);
    return Number.isFinite(slope) && xs.length > 1
      ? [xs.reduce((a, b) => Math.min(a, b)), xs.reduce((a, b) => Math.max(a, b))].map((x) => [
          x,
          intercept + slope * x,
        ])
      : [];
  };
  const count = kinds.reduce((sum, kind) => sum + kind.points.length, 0);
  chart(
    id,
    `Scatter plot of ${name} against ${distanceName} of ${plural(count, 'pair')}. ${caption.textContent}`,
    () => {
      const c = colours();
      return {
        grid: { left: 66, right: 16, top: 34, bottom: 44 },
        legend: {
          top: 0,
          left: 0,
          textStyle: { color: c.text },
          data: kinds.map((kind) => kind.name),
        },
        xAxis: axis(distanceTitle, { splitLine: { show: false } }),
        yAxis: axis(name, { nameGap: 48 }),
        tooltip: {
          formatter: ({ data, value, seriesName }) =>
            data.pair
              ? lines([
                  `${label(number(data.pair.modelA))} \u2013 ${label(number(data.pair.modelB))}`,
                  `${distanceTitle} ${show(value[0])}`,
                  `${name} ${show(value[1])}`,
                ])
              : lines([`Least squares, ${seriesName}`]),
        },
        series: kinds.flatMap((kind) => [
          {
            type: 'scatter',
            name: kind.name,
            color: kind.colour(c),
            symbolSize: count > 1000 ? 3 : 6,
            itemStyle: { opacity: count > 300 ? 0.35 : 0.7 },
            data: kind.points,
          },
          {
            type: 'line',
            name: kind.name,
            symbol: 'none',
            silent: true,
            z: 4,
            color: kind.colour(c),
            lineStyle: { width: 2.5 },
            data: line(kind.fit, kind.points),
          },
        ]),
      };
    },
    count > 1000 ? 'canvas' : 'svg',
  );
  const { drawn } = charts.get(id);
  drawn.on('click', ({ data }) => {
    if (data?.pair) pick(number(data.pair.modelA), number(data.pair.modelB));
  });
}
