/* Draws a StudyReport (protobuf JSON). */
/* global page */
(function () {
  'use strict';

  const {
    number,
    optional,
    show,
    showP,
    whole,
    plural,
    median,
    mean,
    roundStep,
    roundRange,
    element,
    byId,
    lines,
    clusterTag,
    describe,
    table,
    dark,
    colours,
    SYMBOLS,
    chart,
    axis,
    attempt,
    finish,
  } = page;
  const report = JSON.parse(document.getElementById('report').textContent);
  const spec = report.spec ?? {};
  const models = report.models ?? [];
  const pairs = report.pairs ?? [];
  const clustering = report.clustering ?? {};
  const diagnostics = spec.diagnostics ?? [];

  const comparisons = [...(report.groups ?? []), ...(report.euclidean ? [report.euclidean] : [])];

  const cluster = (model) => number(model.cluster);
  const label = (i) => models[i].label || models[i].checkpoint.replace(/^checkpoints\//, '');
  const score = (model, d) => number((model.diagnosticScores ?? [])[d]);
  const diagnosticName = (d) => diagnostics[d].sample?.name ?? `diagnostic ${d + 1}`;
  const constant = (value, prefix, unspecified) =>
    (value ?? unspecified).replace(prefix, '').replaceAll('_', ' ').toLowerCase();

  const clusterCount = models.reduce((most, model) => Math.max(most, cluster(model) + 1), 1);
  const split = !clustering.oneBasin && clusterCount > 1;
  const word = clustering.oneBasin ? 'cluster' : 'basin';
  const Word = word[0].toUpperCase() + word.slice(1);
  const basinName = (c) => `${Word} ${c + 1}`;
  const isWithin = (pair) =>
    cluster(models[number(pair.modelA)]) === cluster(models[number(pair.modelB)]);
  const SCORES = {
    SCORE_ACCURACY: 'accuracy',
    SCORE_F1: 'F1',
    SCORE_MATTHEWS_CORRELATION: 'Matthews correlation',
    SCORE_MEAN_LOSS: 'mean loss (nats)',
  };
  const positive = (metrics) => (metrics?.positiveLabel ? ` of '${metrics.positiveLabel}'` : '');
  const scoreName = (d) =>
    (SCORES[diagnostics[d].score] ?? 'accuracy') +
    (diagnostics[d].score === 'SCORE_F1' ? positive(models[0]?.diagnostics?.[d]) : '');
  const DISTANCES = {
    DISTANCE_METRIC_BARRIER_HEIGHT: ['barrier height', 'nats'],
    DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP: ['improved convexity gap', 'nats'],
    DISTANCE_METRIC_AREA: ['area above the minimum', 'nats'],
    DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN: ['area times distance', 'nats'],
    DISTANCE_METRIC_EUCLIDEAN: ['Euclidean distance', ''],
  };
  const [distanceName, distanceUnit] = DISTANCES[spec.distance] ?? ['convexity gap', 'nats'];
  const distanceTitle = distanceUnit ? `${distanceName} (${distanceUnit})` : distanceName;
  const basinTag = (c) => clusterTag(c, basinName(c));
  const ranked = (values) =>
    [...values.keys()].sort((i, j) => {
      const a = values[i],
        b = values[j];
      return Number.isNaN(a) || Number.isNaN(b) ? Number.isNaN(a) - Number.isNaN(b) : a - b;
    });

  function heatmap() {
    const orders = [
      ...diagnostics.map((_, d) => [
        `by ${diagnosticName(d)}`,
        ranked(models.map((model) => score(model, d))),
      ]),
      [`by ${word}`, ranked(models.map(cluster))],
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
      `${distanceTitle[0].toUpperCase()}${distanceTitle.slice(1)} of each pair; ${dark.matches ? 'bright' : 'dark'} means far apart. B1, B2, \u2026 after a model's name is its ${word}.` +
      (missing
        ? ` ${plural(missing, 'pair')} without a finite value ${missing === 1 ? 'is' : 'are'} grey.`
        : '');

    function draw() {
      const [orderName, order] = orders[Number(select.value || 0)];
      const names = order.map((i) => `${label(i)} \u00b7 B${cluster(models[i]) + 1}`);
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
                if (a === b) return lines([label(a), basinName(cluster(models[a]))]);
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
                        `BH ${show(number(m.barrierHeightNats))}, CG ${show(number(m.convexityGapNats))} nats${pair.convexityGapToleranceNats === undefined ? '' : `, at most ${show(Number(pair.convexityGapToleranceNats))} more`}`,
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

  function basins() {
    byId('basins-heading').textContent = clustering.oneBasin ? 'No split' : `${Word}s`;
    byId('verdict').textContent = clustering.verdict ?? '';
    table(
      'basins',
      'Sizes, and the median distance of their pairs',
      [{ name: Word }, { name: 'Models' }, { name: 'Median within' }],
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

  function curves() {
    const shown = pairs.filter((pair) => (pair.curve?.alphas ?? []).length > 0);
    const select = byId('quantity');
    const within = shown.filter(isWithin),
      across = shown.filter((pair) => !isWithin(pair));
    byId('within-heading').textContent = `Within a ${word}`;
    byId('across-heading').textContent = `Across ${word}s`;
    select.addEventListener('change', draw);
    const clean = (value) => (Number.isFinite(value) ? value : null);

    function draw() {
      const accuracy = select.value === 'accuracy';
      const values = (pair) =>
        (accuracy ? (pair.accuracies ?? []) : (pair.curve.lossesNats ?? [])).map(number);
      const all = shown.flatMap(values).filter(Number.isFinite);
      const low = all.reduce((a, b) => Math.min(a, b), Infinity),
        high = all.reduce((a, b) => Math.max(a, b), -Infinity);
      const range = Number.isFinite(low) ? roundRange(low, high) : {};
      panel('within', within, accuracy, values, range);
      panel('across', across, accuracy, values, range);
    }

    function panel(id, group, accuracy, values, range) {
      const all = pairs.filter((pair) => isWithin(pair) === (id === 'within'));
      byId(`${id}-caption`).textContent =
        group.length === 0
          ? 'No such pair.'
          : `${group.length === all.length ? plural(group.length, 'pair') : `${whole(group.length)} of ${plural(all.length, 'pair')}, evenly by distance`}` +
            `; bold is their mean. Median ${distanceName} ${show(median(all.map((pair) => number(pair.distance))))}${distanceUnit && ' ' + distanceUnit}.`;
      const read = group.map((pair) => ({
        alphas: pair.curve.alphas.map(number),
        at: values(pair),
      }));
      const grid = [...new Set(read.flatMap((curve) => curve.alphas))].sort((a, b) => a - b);
      const averages = grid.map((alpha) => mean(read.map((curve) => between(curve, alpha))));
      const middle = grid.findIndex((alpha) => alpha >= 0.5);
      const quantity = accuracy ? 'accuracy' : 'loss (nats)';
      chart(
        id,
        `${plural(group.length, 'curve')} of ${quantity} along the line between two models ${id} ${word}s.` +
          (grid.length
            ? ` On average ${show(averages[0])} at the ends' side alpha 0, ${show(averages[middle])} in the middle, ${show(averages[grid.length - 1])} at alpha 1.`
            : ''),
        () => {
          const c = colours();
          return {
            grid: { left: 56, right: 16, top: 14, bottom: 40 },
            xAxis: axis('\u03b1  (0 = model B, 1 = model A)', {
              min: 0,
              max: 1,
              splitLine: { show: false },
            }),
            yAxis: axis(quantity, { nameGap: 40, ...range }),
            tooltip: {
              trigger: 'item',
              formatter: (item) => {
                const pair = group[item.seriesIndex];
                return pair
                  ? lines([
                      `${label(number(pair.modelA))} \u2013 ${label(number(pair.modelB))}`,
                      `\u03b1 ${show(item.value[0], 2)}: ${show(item.value[1])}`,
                    ])
                  : lines(['Mean', `\u03b1 ${show(item.value[0], 2)}: ${show(item.value[1])}`]);
              },
            },
            series: [
              ...group.map((pair) => ({
                type: 'line',
                symbol: 'circle',
                symbolSize: 3,
                showSymbol: group.length <= 60,
                data: pair.curve.alphas.map((alpha, i) => [
                  number(alpha),
                  clean(values(pair)[i] ?? NaN),
                ]),
                lineStyle: { width: 1, opacity: group.length > 60 ? 0.25 : 0.5 },
                itemStyle: { opacity: 0.5 },
                color: id === 'within' ? c.basin(cluster(models[number(pair.modelA)])) : c.across,
              })),
              {
                type: 'line',
                symbol: 'none',
                z: 5,
                color: c.text,
                lineStyle: { width: 3 },
                data: grid.map((alpha, i) => [alpha, clean(averages[i])]),
              },
            ],
          };
        },
        group.length > 60 ? 'canvas' : 'svg',
      );
    }
    draw();
  }

  /** A curve's value at an alpha, on the chord where it was not measured: curves may choose their own alphas. */
  function between({ alphas, at }, alpha) {
    const right = alphas.findIndex((place) => place >= alpha);
    if (alphas[right] === alpha) return at[right] ?? NaN;
    const t = (alpha - alphas[right - 1]) / (alphas[right] - alphas[right - 1]);
    return (1 - t) * at[right - 1] + t * at[right];
  }

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
    const box = element('div', { className: hasFeature ? 'columns' : '' });
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
        ? `r = ${show(number(fit.pearsonR))} (p = ${showP(number(fit.pearsonP))}), \u03c1 = ${show(number(fit.spearmanRho))}, ${plural(number(fit.pointCount), 'model')}. Left is inside ${word} 1.`
        : '';
      scatter(d, features, scores, fit);
    }
    const caption = figure('histogram', `Models by ${word}`);
    const unusable = scores.filter((value) => !Number.isFinite(value)).length;
    caption.textContent =
      (found?.clusterMeans ?? [])
        .map(
          (value, c) =>
            `${basinName(c)}: ${show(number(value))} \u00b1 ${show(number((found.clusterStandardDeviations ?? [])[c]))}`,
        )
        .join('; ') + (unusable ? `. ${plural(unusable, 'model')} without a finite score.` : '');
    histogram(d, scores);
  }

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
          grid: { left: 60, right: 20, top: 36, bottom: 40 },
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
          yAxis: axis(scoreName(d), { nameGap: 42, boundaryGap: ['8%', '8%'] }),
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
                  ([x, y, i]) =>
                    cluster(models[i]) === k && Number.isFinite(x) && Number.isFinite(y),
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
      `Histogram of ${diagnosticName(d)} (${scoreName(d)}) by ${word}.`,
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

  function diagnosticTable() {
    const two = clusterCount === 2;
    table(
      'diagnostic-table',
      'Mean and standard deviation of each score, and its fit on the centroid-distance difference',
      [
        { name: 'Diagnostic' },
        { name: 'Score', text: true },
        ...Array.from({ length: clusterCount }, (_, c) => ({ name: basinName(c) })),
        ...(two ? [{ name: '(\u03bc\u2081 \u2212 \u03bc\u2082) / \u03c3\u2081' }] : []),
        { name: 'r' },
        { name: 'p' },
        { name: '\u03c1' },
        { name: 'Models' },
      ],
      diagnostics.map((_, d) => {
        const found = (report.diagnostics ?? [])[d] ?? {};
        const means = (found.clusterMeans ?? []).map(number);
        const deviations = (found.clusterStandardDeviations ?? []).map(number);
        const fit = found.fit;
        return [
          diagnosticName(d),
          scoreName(d),
          ...Array.from({ length: clusterCount }, (_, c) =>
            means.length > c ? `${show(means[c])} \u00b1 ${show(deviations[c])}` : '\u2013',
          ),
          ...(two
            ? [means.length > 1 && deviations[0] > 0 ? (means[0] - means[1]) / deviations[0] : NaN]
            : []),
          fit ? number(fit.pearsonR) : NaN,
          fit ? showP(number(fit.pearsonP)) : '\u2013',
          fit ? number(fit.spearmanRho) : NaN,
          fit ? whole(number(fit.pointCount)) : '\u2013',
        ];
      }),
    );
  }

  function groupTable() {
    table(
      'group-table',
      `Distances of score vectors, and of weights, against the ${distanceName}. Pairs share models and are not independent: p is Mantel's, which permutes models.`,
      [
        { name: 'Group' },
        { name: 'Spearman \u03c1' },
        { name: 'Pearson r' },
        { name: 'Mantel p' },
        { name: 'r\u00b2' },
        { name: 'Slope' },
        { name: 'Pairs' },
        { name: 'Models' },
      ],
      comparisons.map((group) => [
        group.name ?? '',
        number(group.fit?.spearmanRho),
        number(group.fit?.pearsonR),
        group.mantel ? showP(number(group.mantel.p)) : '\u2013',
        number(group.fit?.rSquared),
        number(group.fit?.slope),
        whole(number(group.fit?.pointCount)),
        whole(number(group.mantel?.modelCount) || models.length),
      ]),
    );
  }

  function modelTable() {
    const hasFeature = models.some((model) => model.centroidDistanceDifference !== undefined);
    table(
      'model-table',
      'In-domain scores, diagnostics and the centroid-distance difference; a heading sorts',
      [
        { name: 'Model' },
        { name: Word, text: true },
        { name: 'In-domain accuracy' },
        { name: `In-domain F1${positive(models[0]?.inDomain)}` },
        { name: 'In-domain loss (nats)' },
        ...diagnostics.map((_, d) => ({ name: diagnosticName(d) })),
        ...(hasFeature ? [{ name: 'Centroid-distance difference' }] : []),
      ],
      models.map((model, i) => [
        label(i),
        basinTag(cluster(model)),
        number(model.inDomain?.accuracy),
        number(model.inDomain?.f1),
        number(model.inDomain?.meanLossNats),
        ...diagnostics.map((_, d) => score(model, d)),
        ...(hasFeature ? [optional(model.centroidDistanceDifference)] : []),
      ]),
      true,
    );
    table(
      'digest-table',
      'Content digests',
      [{ name: 'Model' }, { name: 'Checkpoint', text: true }, { name: 'SHA-256', text: true }],
      models.map((model, i) => [
        label(i),
        model.checkpoint ?? '',
        element('code', {}, model.digest?.sha256 ?? ''),
      ]),
    );
  }

  // What it cost; older reports do not say.
  const computed = number(report.cost?.computedPoints),
    reused = number(report.cost?.reusedPoints);
  const equal = number(report.cost?.equalGridPoints);
  const tolerance = pairs.reduce(
    (most, pair) => Math.max(most, number(pair.convexityGapToleranceNats)),
    number(spec.adaptive?.toleranceNats),
  );

  function pointsText() {
    const counts = pairs.filter((pair) => pair.curve).map((pair) => pair.curve.alphas.length);
    if (!counts.length) return '';
    const low = Math.min(...counts),
      high = Math.max(...counts);
    return spec.adaptive
      ? `${low} to ${high}, chosen for each pair`
      : `${low}${spec.protocol ? ` (protocol ${constant(spec.protocol, 'ALPHA_PROTOCOL_', '')})` : ''}`;
  }
  function evaluationsText() {
    if (!report.cost) return '';
    return (
      whole(computed + reused) +
      (reused ? `, ${whole(reused)} of them known from other studies` : '')
    );
  }

  function tiles() {
    const distances = (group) => median(pairs.filter(group).map((pair) => number(pair.distance)));
    const sizes = Array.from(
      { length: clusterCount },
      (_, c) => models.filter((model) => cluster(model) === c).length,
    );
    const facts = [
      ['Models', whole(models.length), plural(pairs.length, 'pair')],
      [
        clustering.oneBasin ? 'Split' : 'Basins',
        clustering.oneBasin ? 'none' : String(clusterCount),
        split ? sizes.join(' + ') + ' models' : '',
      ],
      ['Mean silhouette', show(number(clustering.silhouette)), ''],
      [`Median ${distanceName} within`, show(distances(isWithin)), distanceUnit],
      [`Median ${distanceName} across`, show(distances((pair) => !isWithin(pair))), distanceUnit],
      [
        'In-domain accuracy',
        show(median(models.map((model) => number(model.inDomain?.accuracy)))),
        'median',
      ],
      ...(equal
        ? [['Evaluations', whole(computed + reused), `of ${whole(equal)} on an equal grid`]]
        : []),
    ];
    byId('tiles').append(
      ...facts.map(([term, value, unit]) =>
        element(
          'div',
          {},
          element('dt', {}, term),
          element('dd', {}, value, ' ', element('small', {}, unit)),
        ),
      ),
    );
  }

  function measured() {
    const provenance = report.provenance ?? {};
    const seconds = number(report.elapsedSeconds);
    describe(byId('protocol'), [
      ['Study', report.study ?? ''],
      ['In-domain sample', (report.sampleTexts ?? [])[0] ?? ''],
      [
        'Its digest',
        report.inDomainDigest?.sha256 ? element('code', {}, report.inDomainDigest.sha256) : '',
      ],
      ['Points of a curve', pointsText()],
      ['Convexity gaps known to', spec.adaptive ? `${show(tolerance)} nats` : ''],
      ['Evaluations', evaluationsText()],
      ['On an equal grid of this accuracy', equal ? plural(equal, 'evaluation') : ''],
      ['Distance', distanceTitle],
      ['Clusters asked for', whole(number(spec.clusterCount) || 2)],
      [
        'Kernel width',
        spec.medianKernelWidth
          ? `${show(number(clustering.kernelWidth))}, the median distance`
          : String(number(spec.kernelWidth) || 1),
      ],
      [
        'Diagnostics',
        diagnostics.length
          ? element(
              'div',
              {},
              ...(report.sampleTexts ?? []).slice(1).map((text) => element('div', {}, text)),
            )
          : 'none',
      ],
    ]);
    describe(byId('provenance'), [
      ['Watershed', provenance.watershedVersion ?? ''],
      ['Engine', provenance.engine ?? ''],
      ['Device', provenance.device ?? ''],
      ['Threads', provenance.threads ? String(provenance.threads) : ''],
      ['Precision', constant(provenance.precision, 'PRECISION_', 'fp32')],
      ['Kernels', provenance.kernels ?? ''],
      ['Processor', [provenance.processor, provenance.instructionSet].filter(Boolean).join(', ')],
      ['Computing time', seconds ? `${show(seconds, 1)} s` : ''],
    ]);
    byId('footer').textContent =
      `Made by Watershed ${provenance.watershedVersion ?? ''}. Figures drawn with Apache ECharts ${echarts.version}.`;
  }

  attempt('key figures', tiles);
  attempt('distances', heatmap);
  attempt('basins', basins);
  attempt('curves', curves);
  diagnostics.forEach((_, d) => attempt(diagnosticName(d), () => diagnostic(d)));
  if (diagnostics.length) attempt('diagnostics', diagnosticTable);
  else byId('diagnostics-section').hidden = true;
  if (comparisons.length) attempt('groups', groupTable);
  else byId('groups-section').hidden = true;
  attempt('models', modelTable);
  attempt('provenance', measured);
  finish();
})();
