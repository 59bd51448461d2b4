/* What each model alone does out of domain. */
/** Bin edges of a round width around the values. */
function edges(values) {
  const low = Math.min(...values),
    high = Math.max(...values);
  if (!(high > low)) return [low - 0.005, high + 0.005];
  const width = roundStep((high - low) / 12);
  const first = Math.floor(low / width + 1e-9);
  const made = [];
  for (let i = first; i * width <= high + width * 1e-6 || made.length < 2; i++)
    made.push(i * width);
  if (made[made.length - 1] <= high) made.push(made[made.length - 1] + width);
  return made;
}

function diagnostic(d) {
  const name = diagnosticName(d);
  const scores = models.map((model) => score(model, d));
  const found = (report.diagnostics ?? [])[d];
  const features = models.map((model) => optional(model.centroidDistanceDifference));
  const hasFeature = features.some(Number.isFinite);
  const box = element('div', { className: 'columns fitting' });
  byId('diagnostics').append(
    element('div', { className: 'diagnostic' }, element('h3', {}, name), box),
  );
  const figure = (kind, title) => {
    const caption = element('figcaption');
    box.append(
      element(
        'figure',
        {},
        element('h4', {}, title),
        element('div', { className: 'chart', id: `${kind}-${d}`, role: 'img' }),
        caption,
      ),
    );
    return caption;
  };
  if (hasFeature) {
    const caption = figure('scatter', 'Against the centroid-distance difference');
    const fit = found?.fit;
    caption.textContent = fit
      ? `r = ${rText(fit)} (p = ${showP(number(found.pearsonPHolm))} after Holm's correction for ${plural(diagnostics.length, 'diagnostic')}), \u03c1 = ${show(number(fit.spearmanRho))}, ${plural(number(fit.pointCount), 'model')}. Left is inside the larger of two clusters.`
      : '';
    scatter(d, features, scores, fit);
  }
  const caption = figure('histogram', split ? 'Models by basin' : 'Models');
  const unusable = scores.filter((value) => !Number.isFinite(value)).length;
  caption.textContent =
    (found?.clusterMeans ?? [])
      .map(
        (value, c) =>
          `${basinName(c)}: ${show(number(value))} \u00b1 ${show(number((found.clusterStandardDeviations ?? [])[c]))}`,
      )
      .join('; ') + (unusable ? `. ${plural(unusable, 'model')} without a finite score.` : '');
  histogram(d, scores);
  if (found?.comparison) {
    const { comparison } = found;
    const [low, high] = interval95(comparison.aucInterval);
    figure('estimation', 'The two largest basins').textContent =
      `Bars are means; right, the difference of the means with 95 % over models (Welch), given these basins. AUC ${show(number(comparison.auc))}${low < high ? ` [${show(low)}, ${show(high)}]` : ''}.`;
    estimation(`estimation-${d}`, scoreName(d), comparison, scores);
  }
}

const rText = (fit) => {
  const [low, high] = interval95(fit.pearsonInterval);
  const r = show(number(fit.pearsonR));
  return low < high ? `${r} [${show(low)}, ${show(high)}]` : r;
};

function scatter(d, features, scores, fit) {
  const finite = features.filter(Number.isFinite);
  const fitted =
    fit && Number.isFinite(number(fit.slope))
      ? [Math.min(...finite), Math.max(...finite)].map((x) => [
          x,
          number(fit.intercept) + number(fit.slope) * x,
        ])
      : [];
  chart(
    `scatter-${d}`,
    `Scatter plot of ${diagnosticName(d)} (${scoreName(d)}) against the centroid-distance difference of ${models.length} models with the least-squares line.`,
    () => {
      const c = colours();
      return {
        grid: { left: 66, right: 20, top: 36, bottom: 40 },
        legend: {
          top: 0,
          right: 0,
          textStyle: { color: c.text },
          data: Array.from({ length: clusterCount }, (_, k) => basinName(k)),
        },
        xAxis: axis('centroid-distance difference', {
          boundaryGap: ['8%', '8%'],
          splitLine: { show: false },
        }),
        yAxis: axis(scoreName(d), {
          nameGap: 48,
          boundaryGap: ['8%', '8%'],
          splitNumber: byId(`scatter-${d}`).clientHeight < 200 ? 2 : 5, // low on paper
        }),
        tooltip: {
          formatter: (item) =>
            item.seriesType === 'line'
              ? lines(['Least-squares line'])
              : lines([
                  label(item.value[2]),
                  `${scoreName(d)} ${show(item.value[1])}`,
                  `feature ${show(item.value[0])}`,
                ]),
        },
        series: [
          {
            type: 'line',
            data: fitted,
            symbol: 'none',
            silent: true,
            color: c.muted,
            lineStyle: { width: 2, type: 'dashed' },
          },
          ...Array.from({ length: clusterCount }, (_, k) => ({
            type: 'scatter',
            name: basinName(k),
            color: c.basin(k),
            symbol: SYMBOLS[k % SYMBOLS.length],
            symbolSize: models.length > 100 ? 7 : 11,
            itemStyle: { borderColor: c.card, borderWidth: 1 },
            data: models
              .map((model, i) => [features[i], scores[i], i])
              .filter(
                ([x, y, i]) => cluster(models[i]) === k && Number.isFinite(x) && Number.isFinite(y),
              ),
            label: {
              show: models.length <= 16,
              position: 'top',
              formatter: (item) => label(item.value[2]),
              color: c.muted,
              fontSize: 10,
              width: 90,
              overflow: 'truncate',
            },
            labelLayout: { hideOverlap: true },
          })),
        ],
      };
    },
  );
}

function histogram(d, scores) {
  const finite = scores.filter(Number.isFinite);
  const bins = finite.length ? edges(finite) : [0, 1];
  const count = (k, i) =>
    models.filter(
      (model, m) =>
        cluster(model) === k &&
        scores[m] >= bins[i] &&
        (scores[m] < bins[i + 1] || (i === bins.length - 2 && scores[m] <= bins[i + 1])),
    ).length;
  const digits = Math.min(6, Math.max(2, Math.ceil(-Math.log10(bins[1] - bins[0]))));
  chart(
    `histogram-${d}`,
    `Histogram of ${diagnosticName(d)} (${scoreName(d)})${split ? ' by basin' : ''}.`,
    () => {
      const c = colours();
      return {
        grid: { left: 40, right: 16, top: 36, bottom: 40 },
        legend: { top: 0, right: 0, textStyle: { color: c.text } },
        xAxis: {
          ...axis(scoreName(d)),
          type: 'category',
          scale: false,
          data: bins.slice(0, -1).map((edge) => show(edge, digits)),
          splitLine: { show: false },
        },
        yAxis: axis('models', { scale: false, minInterval: 1, nameGap: 26 }),
        tooltip: {
          formatter: (item) =>
            lines([
              `${show(bins[item.dataIndex], digits)} to ${show(bins[item.dataIndex + 1], digits)}`,
              `${item.seriesName}: ${plural(item.value, 'model')}`,
            ]),
        },
        series: Array.from({ length: clusterCount }, (_, k) => ({
          type: 'bar',
          stack: 'models',
          name: basinName(k),
          color: c.basin(k),
          barCategoryGap: '8%',
          itemStyle: { borderColor: c.card, borderWidth: 1 },
          data: bins.slice(0, -1).map((_, i) => count(k, i)),
        })),
      };
    },
  );
}
