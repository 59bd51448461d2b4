/* Distances and scores by a number that the models' training runs say. */
/** A fact's name for people, as the tables of the page have it. */
const factWords = (fact) =>
  fact
    .replace(/^(recipe|classification|masked_language_model)\./, '')
    .replaceAll('.', ' ')
    .replaceAll('_', ' ');
const levelText = (value) =>
  Number.isInteger(value)
    ? whole(value)
    : Math.abs(value) < 1e-2
      ? Number(value.toPrecision(3)).toExponential().replace('-', '\u2212')
      : String(Number(value.toPrecision(3)));

function factors() {
  const all = report.factors ?? [];
  if (!all.length) return;
  const scores = [
    {
      name: 'in-domain accuracy',
      of: (model) => number(model.inDomain?.accuracy),
      mean: (level) => level.inDomainAccuracy,
    },
    ...diagnostics.map((_, d) => ({
      name: `${diagnosticName(d)} (${scoreName(d)})`,
      of: (model) => score(model, d),
      mean: (level) => (level.diagnostics ?? [])[d],
    })),
  ];
  const by = byId('factor'),
    scored = byId('factor-score');
  all.forEach((one, i) => by.append(element('option', { value: i }, factWords(one.fact))));
  scores.forEach((one, i) => scored.append(element('option', { value: i }, one.name)));
  by.addEventListener('change', draw);
  scored.addEventListener('change', draw);

  function draw() {
    const factor = all[Number(by.value || 0)],
      chosen = scores[Number(scored.value || 0)];
    const words = factWords(factor.fact);
    const levels = (factor.levels ?? []).map((level) => ({
      ...level,
      x: number(level.value),
      members: (level.models ?? []).map(number),
    }));
    byId('factor-distance-heading').textContent =
      `${distanceName[0].toUpperCase()}${distanceName.slice(1)} among models of equal ${words}`;
    byId('factor-score-heading').textContent =
      `${chosen.name[0].toUpperCase()}${chosen.name.slice(1)}`;
    byId('factor-distance-caption').textContent =
      `Dots are pairs, rings their means with 95 % over the models of a value (each left out in turn; from three models on). Of one pretrained model a value, its own randomness is not in the bars.`;
    byId('factor-score-caption').textContent =
      'Dots are models, rings their means with 95 % over the models of a value.';
    byLevel('factor-distance', words, distanceTitle, levels, {
      points: (level) =>
        level.members
          .flatMap((a, i) => level.members.slice(i + 1).map((b) => pairOf.get(pairKey(a, b))))
          .filter((pair) => pair !== undefined)
          .map((pair) => ({
            value: [level.x, number(pair.distance)],
            name: `${label(number(pair.modelA))} \u2013 ${label(number(pair.modelB))}`,
          })),
      mean: (level) => level.distance,
    });
    byLevel('factor-scores', words, chosen.name, levels, {
      points: (level) =>
        level.members.map((i) => ({ value: [level.x, chosen.of(models[i])], name: label(i) })),
      mean: chosen.mean,
    });
  }
  draw();
}

function byLevel(id, words, title, levels, { points, mean: meanOf }) {
  const xs = levels.map((level) => level.x);
  const low = Math.min(...xs),
    high = Math.max(...xs);
  const logarithmic = low > 0 && high / low >= 10;
  const means = levels
    .filter((level) => meanOf(level) !== undefined)
    .map((level) => {
      const [from, to] = interval95(meanOf(level).interval);
      return { at: level.x, value: number(meanOf(level).mean), low: from, high: to };
    });
  const dots = levels.flatMap(points).filter(({ value }) => value.every(Number.isFinite));
  const told = (one) =>
    `${levelText(one.at)}: ${show(one.value)}${one.low < one.high ? ` [${show(one.low)}, ${show(one.high)}]` : ''}`;
  chart(
    id,
    `${title} by ${words}. Means ${means.map(told).join('; ')}.`,
    () => {
      const c = colours();
      return {
        grid: { left: 66, right: 24, top: 16, bottom: 44 },
        xAxis: axis(words + (logarithmic ? ' (logarithmic)' : ''), {
          ...(logarithmic
            ? { type: 'log', scale: false, min: low / 1.3, max: high * 1.3 }
            : { min: low - (high - low) / 10, max: high + (high - low) / 10 }),
          splitNumber: 3,
          splitLine: { show: false },
          axisLine: { onZero: false, lineStyle: { color: c.line } },
          axisLabel: {
            color: c.muted,
            hideOverlap: true,
            showMinLabel: false,
            showMaxLabel: false,
            formatter: levelText,
          },
        }),
        yAxis: axis(title, { nameGap: 48, boundaryGap: ['4%', '4%'] }),
        tooltip: {
          formatter: ({ data }) =>
            data.point
              ? lines([`Mean at ${told(data.point)}`])
              : lines([data.name, `${words} ${levelText(data.value[0])}`, show(data.value[1])]),
        },
        series: [
          {
            type: 'scatter',
            color: c.basin(0),
            symbolSize: dots.length > 300 ? 4 : 7,
            itemStyle: { opacity: dots.length > 100 ? 0.3 : 0.55 },
            data: dots,
          },
          {
            type: 'line',
            silent: true,
            symbol: 'none',
            color: c.muted,
            lineStyle: { width: 1.5 },
            data: means
              .filter(({ value }) => Number.isFinite(value))
              .map((one) => [one.at, one.value]),
          },
          ...whiskers(means, c, false),
        ],
      };
    },
    dots.length > 1000 ? 'canvas' : 'svg',
  );
}
