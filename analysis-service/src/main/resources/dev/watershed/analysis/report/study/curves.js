/* Loss and accuracy along the lines between models. */
function curves() {
  const shown = evenly(pairs.filter(hasCurve));
  const select = byId('quantity');
  const within = shown.filter(isWithin),
    across = shown.filter((pair) => !isWithin(pair));
  byId('within-heading').textContent = split ? 'Within a basin' : 'All pairs';
  byId('across-heading').textContent = split ? 'Across basins' : 'With outliers';
  byId('across-heading').parentElement.hidden = across.length === 0;
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
      `${plural(group.length, 'curve')} of ${quantity} along the line between two models${split ? ` ${id} basins` : ''}.` +
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

/** More curves draw a blot: at most so many, evenly by distance. */
function evenly(group, most = 300) {
  if (group.length <= most) return group;
  const order = ranked(group.map((pair) => number(pair.distance)));
  return Array.from(
    { length: most },
    (_, i) => group[order[Math.floor((i * (group.length - 1)) / (most - 1))]],
  );
}

/** A curve's value at an alpha, on the chord where it was not measured: curves may choose their own alphas. */
function between({ alphas, at }, alpha) {
  const right = alphas.findIndex((place) => place >= alpha);
  if (alphas[right] === alpha) return at[right] ?? NaN;
  const t = (alpha - alphas[right - 1]) / (alphas[right] - alphas[right - 1]);
  return (1 - t) * at[right - 1] + t * at[right];
}
