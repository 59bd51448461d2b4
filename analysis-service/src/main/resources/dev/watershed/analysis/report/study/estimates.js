/* Estimates with their intervals: what a feature says given accuracy, how two basins differ. */
const interval95 = (interval) => [optional(interval?.low), optional(interval?.high)];

/** Whiskers from low to high with a dot at the estimate, as series of one chart. */
function whiskers(points, c, horizontal) {
  return [
    {
      type: 'custom',
      silent: true,
      data: points.map((point) => [point.low, point.high, point.at]),
      renderItem: (_, api) => {
        const [low, high, at] = [0, 1, 2].map((i) => api.value(i));
        if (!(low < high)) return undefined;
        const [a, b] = [low, high].map((end) => api.coord(horizontal ? [end, at] : [at, end]));
        return {
          type: 'line',
          shape: { x1: a[0], y1: a[1], x2: b[0], y2: b[1] },
          style: { stroke: c.text, lineWidth: 2 },
        };
      },
    },
    {
      type: 'scatter',
      symbolSize: 10,
      itemStyle: { color: c.card, borderColor: c.text, borderWidth: 2 },
      data: points.map((point) => ({
        value: horizontal ? [point.value, point.at] : [point.at, point.value],
        point,
      })),
    },
  ];
}
const zeroLine = (c, horizontal) => ({
  silent: true,
  symbol: 'none',
  label: { show: false },
  lineStyle: { color: c.muted, type: 'dashed' },
  data: [horizontal ? { xAxis: 0 } : { yAxis: 0 }],
});

/** Per diagnostic: r of the feature, and what of it is direct given the accuracy, what indirect. */
function forest() {
  const rows = (report.diagnostics ?? []).flatMap((found, d) => {
    const given = found.givenAccuracy;
    if (!given || !Number.isFinite(number(given.total))) return [];
    return [
      [`${diagnosticName(d)}: r`, number(given.total), interval95(found.fit?.pearsonInterval)],
      ['direct', number(given.direct), interval95(given.directInterval)],
      ['indirect', number(given.indirect), interval95(given.indirectInterval)],
    ];
  });
  byId('forest-figure').hidden = rows.length === 0;
  if (rows.length === 0) return;
  const points = rows.map(([name, value, [low, high]], at) => ({ name, value, low, high, at }));
  const ends = points.flatMap(({ value, low, high }) => [value, low, high]).filter(Number.isFinite);
  const reach = roundRange(Math.min(-1, ...ends), Math.max(1, ...ends));
  byId('forest').style.height = `${70 + 24 * rows.length}px`;
  byId('forest-caption').textContent =
    `r of the centroid-distance feature with each score, and its parts: direct at equal in-domain accuracy, indirect through it; direct and indirect add up to r. Bars: 95 % over ${plural(models.length, 'model')} (r by Fisher, parts by resampling models). Arithmetic, no cause.`;
  const text = (point) =>
    `${show(point.value)}${point.low < point.high ? ` [${show(point.low)}, ${show(point.high)}]` : ''}`;
  chart(
    'forest',
    `Forest plot. ${points.map((point) => `${point.name} ${text(point)}`).join('; ')}.`,
    () => {
      const c = colours();
      return {
        grid: {
          left: Math.min(170, 0.4 * byId('forest').clientWidth),
          right: 16,
          top: 8,
          bottom: 44,
        },
        xAxis: axis('standardised', { scale: false, ...reach }),
        yAxis: {
          type: 'category',
          inverse: true,
          data: points.map((point) => point.name),
          axisTick: { show: false },
          axisLine: { show: false },
          axisLabel: {
            color: c.text,
            width: Math.min(160, 0.38 * byId('forest').clientWidth),
            overflow: 'truncate',
          },
        },
        tooltip: {
          formatter: (item) =>
            item.data.point ? lines([item.data.point.name, text(item.data.point)]) : '',
        },
        series: whiskers(points, c, true).map((series, i) =>
          i ? { ...series, markLine: zeroLine(c, true) } : series,
        ),
      };
    },
  );
}

/** The two largest basins' models by a score, and their difference on an axis of its own. */
function estimation(id, name, comparison, scores) {
  const groups = [0, 1].map((k) =>
    models.flatMap((model, i) =>
      cluster(model) === k && Number.isFinite(scores[i]) ? [[i, scores[i]]] : [],
    ),
  );
  const [low, high] = interval95(comparison.differenceInterval);
  const point = { at: 0, value: number(comparison.difference), low, high };
  const means = [comparison.first, comparison.second].map((one) => number(one?.mean));
  const format = formatOf(greatestOf([...groups.flat().map(([, y]) => y), low, high]), 3, 3);
  const text =
    Number.isFinite(low) && low < high
      ? `${format(point.value)} [${format(low)}, ${format(high)}]`
      : format(point.value);
  chart(
    id,
    `${name}: ${basinName(0)} mean ${format(means[0])}, ${basinName(1)} mean ${format(means[1])}; difference ${text}.`,
    () => {
      const c = colours();
      const width = byId(id).clientWidth;
      const short = (k) => (width < 280 ? `B${k + 1}` : basinName(k));
      return {
        grid: [
          { left: 66, right: 0.42 * width, top: 14, bottom: 40 },
          { left: 0.72 * width, right: 16, top: 14, bottom: 40 },
        ],
        xAxis: [
          {
            type: 'value',
            min: -0.5,
            max: 1.5,
            interval: 0.5,
            axisTick: { show: false },
            axisLine: { lineStyle: { color: c.line } },
            splitLine: { show: false },
            axisLabel: {
              color: c.text,
              formatter: (at) => (Number.isInteger(at) && at >= 0 ? short(at) : ''),
            },
          },
          {
            type: 'value',
            gridIndex: 1,
            min: -0.5,
            max: 0.5,
            interval: 0.5,
            axisTick: { show: false },
            axisLine: { lineStyle: { color: c.line }, onZero: false },
            splitLine: { show: false },
            axisLabel: { color: c.text, formatter: (at) => (at === 0 ? 'difference' : '') },
          },
        ],
        yAxis: [
          axis(name, { nameGap: 48 }),
          axis('', {
            gridIndex: 1,
            ...roundRange(
              Math.min(0, point.value, low || 0) || 0,
              Math.max(0, point.value, high || 0) || 0,
            ),
            axisLabel: { color: c.muted, hideOverlap: true },
          }),
        ],
        tooltip: {
          formatter: (item) =>
            item.data.point
              ? lines(['Difference of the means', `${text}, 95 % (Welch)`])
              : lines([label(item.value[2]), `${name} ${show(item.value[1])}`]),
        },
        series: [
          ...groups.map((group, k) => ({
            type: 'scatter',
            color: c.basin(k),
            symbol: SYMBOLS[k],
            symbolSize: 8,
            itemStyle: { opacity: 0.75 },
            data: group.map(([i, y], n) => [k + 0.5 * (((n * 0.618034) % 1) - 0.5), y, i]),
            markLine: {
              silent: true,
              symbol: 'none',
              label: { show: false },
              lineStyle: { color: c.basin(k), width: 2, type: 'solid' },
              data: Number.isFinite(means[k])
                ? [[{ coord: [k - 0.35, means[k]] }, { coord: [k + 0.35, means[k]] }]]
                : [],
            },
          })),
          ...whiskers([point], c, false).map((series, i) => ({
            ...series,
            xAxisIndex: 1,
            yAxisIndex: 1,
            ...(i ? { markLine: zeroLine(c, false) } : {}),
          })),
        ],
      };
    },
  );
}

/** Which scores go together, in-domain accuracy first. */
function correlations() {
  const found = report.scoreCorrelations;
  byId('correlations-figure').hidden = !found;
  if (!found) return;
  const names = shortened(found.names ?? []);
  const cell = (rows, i, j) => optional(rows?.[i]?.values?.[j] ?? 0);
  const cells = names.flatMap((_, i) =>
    names.flatMap((_other, j) => {
      const r = cell(found.pearsonR, i, j);
      return i !== j && Number.isFinite(r)
        ? [{ value: [j, i, r], p: cell(found.pearsonPHolm, i, j) }]
        : [];
    }),
  );
  const holds = cells.filter(({ p, value }) => p < 0.05 && value[0] < value[1]).length;
  const tried = (names.length * (names.length - 1)) / 2;
  byId('correlations-caption').textContent =
    `Pearson's r over ${plural(number(found.modelCount), 'model')}; a star where p is below .05 after Holm's correction for ${plural(tried, 'pair')} of scores (${holds} of them).`;
  chart(
    'correlations',
    `Correlations of ${names.length} scores over models: ${cells
      .filter(({ value }) => value[0] < value[1])
      .slice(0, 20)
      .map(({ value }) => `${names[value[0]]} with ${names[value[1]]} ${show(value[2], 2)}`)
      .join('; ')}.`,
    () => {
      const c = colours();
      const few = names.length <= 10;
      const side = (inverse) => ({
        type: 'category',
        data: names,
        inverse,
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: {
          color: c.text,
          rotate: inverse ? 0 : 40,
          fontSize: names.length > 20 ? 9 : 11,
          width: 116,
          overflow: 'truncate',
        },
      });
      return {
        grid: { left: 128, right: 12, top: 34, bottom: 84 },
        xAxis: side(false),
        yAxis: side(true),
        visualMap: {
          min: -1,
          max: 1,
          orient: 'horizontal',
          left: 128,
          top: 0,
          itemWidth: 12,
          itemHeight: 120,
          precision: 2,
          text: ['1', '\u22121'],
          textStyle: { color: c.muted },
          inRange: { color: [c.basin(1), c.none, c.basin(0)] },
        },
        tooltip: {
          formatter: ({ data }) =>
            lines([
              `${found.names[data.value[0]]} \u2013 ${found.names[data.value[1]]}`,
              `r = ${show(data.value[2])}, p = ${showP(data.p)} (Holm)`,
            ]),
        },
        series: [
          {
            type: 'heatmap',
            data: cells,
            itemStyle: { borderColor: c.card, borderWidth: 1 },
            label: {
              show: names.length <= 20,
              color: c.text,
              formatter: ({ data }) =>
                (few ? show(data.value[2], 2) : '') + (data.p < 0.05 ? '*' : ''),
            },
          },
        ],
      };
    },
  );
}
