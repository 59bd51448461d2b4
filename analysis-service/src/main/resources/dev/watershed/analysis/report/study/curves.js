/* Loss and accuracy along the lines between models. */
/** Pairs by basin, or of the models that are best and worst on a diagnostic (k of each). */
function groupings() {
  const byBasin = {
    name: split ? 'by basin' : 'all',
    panels: [
      [split ? 'Within a basin' : 'All pairs', [{ has: isWithin }]],
      [split ? 'Across basins' : 'With outliers', [{ has: (pair) => !isWithin(pair) }]],
    ],
  };
  const k = Math.min(10, Math.floor(models.length / 3));
  const bestAndWorst = (d) => {
    const scores = models.map((model) => score(model, d));
    const order = ranked(scores).filter((i) => Number.isFinite(scores[i]));
    if (diagnostics[d].score === 'SCORE_MEAN_LOSS') order.reverse();
    const worst = new Set(order.slice(0, k)),
      best = new Set(order.slice(-k));
    const ends = (pair) => [number(pair.modelA), number(pair.modelB)];
    const among = (set) => (pair) => ends(pair).every((i) => set.has(i));
    return {
      name: `${k} best and ${k} worst on ${diagnosticName(d)}`,
      panels: [
        [
          `Among the ${k} best, and among the ${k} worst`,
          [
            { name: `${k} best`, has: among(best), colour: (c) => c.basin(0) },
            { name: `${k} worst`, has: among(worst), colour: (c) => c.basin(1) },
          ],
        ],
        [
          'Between the best and the worst',
          [
            {
              has: (pair) => {
                const [a, b] = ends(pair);
                return (best.has(a) && worst.has(b)) || (worst.has(a) && best.has(b));
              },
              colour: (c) => c.across,
            },
          ],
        ],
      ],
    };
  };
  return [byBasin, ...(k >= 2 ? diagnostics.map((_, d) => bestAndWorst(d)) : [])];
}

function curves() {
  const all = groupings();
  const grouping = byId('grouping'),
    quantity = byId('quantity');
  all.forEach((one, i) => grouping.append(element('option', { value: i }, one.name)));
  grouping.parentElement.hidden = all.length < 2;
  grouping.addEventListener('change', draw);
  quantity.addEventListener('change', draw);

  function draw() {
    const accuracy = quantity.value === 'accuracy';
    const values = (pair) =>
      (accuracy ? (pair.accuracies ?? []) : (pair.curve.lossesNats ?? [])).map(number);
    const { panels } = all[Number(grouping.value || 0)];
    const shown = panels.map(([, groups]) => groups.map((one) => pairs.filter(one.has)));
    const found = shown.flat(2).filter(hasCurve).flatMap(values).filter(Number.isFinite);
    const low = found.reduce((a, b) => Math.min(a, b), Infinity),
      high = found.reduce((a, b) => Math.max(a, b), -Infinity);
    const range = Number.isFinite(low) ? roundRange(low, high) : {};
    ['within', 'across'].forEach((id, i) => {
      const [heading, groups] = panels[i];
      byId(`${id}-heading`).textContent = heading;
      panel(
        id,
        heading,
        groups.map((one, g) => curveGroup(one, shown[i][g], values)),
        accuracy ? 'accuracy' : 'loss (nats)',
        range,
      );
    });
    byId('across-heading').parentElement.hidden = shown[1].flat().length === 0;
  }
  draw();
}

/** Curves of some pairs with their mean and the middle 80 % of them at each alpha. */
function curveGroup(group, members, values) {
  const drawn = evenly(members.filter(hasCurve));
  const read = drawn.map((pair) => ({ alphas: pair.curve.alphas.map(number), at: values(pair) }));
  const grid = [...new Set(read.flatMap((curve) => curve.alphas))].sort((a, b) => a - b);
  const columns = grid.map((alpha) =>
    read.map((curve) => between(curve, alpha)).filter(Number.isFinite),
  );
  const spread = members.length >= 5;
  return {
    ...group,
    members,
    drawn,
    grid,
    values,
    means: columns.map(mean),
    outline: spread
      ? [
          ...grid.map((alpha, i) => [alpha, quantile(columns[i], 0.1)]),
          ...grid.map((alpha, i) => [alpha, quantile(columns[i], 0.9)]).reverse(),
        ].filter((point) => point.every(Number.isFinite))
      : [],
  };
}
/** Type 7, as everywhere. */
function quantile(values, p) {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const place = p * (sorted.length - 1),
    low = Math.floor(place);
  return sorted[low] + (place - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

function panel(id, heading, groups, quantity, range) {
  const clean = (value) => (Number.isFinite(value) ? value : null);
  const counts = groups.map((group) => {
    const { members, drawn } = group;
    const count =
      drawn.length === members.length
        ? plural(members.length, 'pair')
        : `${whole(drawn.length)} of ${plural(members.length, 'pair')}, evenly by distance`;
    return (
      (group.name ? `${group.name}: ` : '') +
      `${count}, median ${distanceName} ${show(median(members.map((pair) => number(pair.distance))))}${distanceUnit && ' ' + distanceUnit}`
    );
  });
  const banded = groups.some((group) => group.outline.length > 0);
  byId(`${id}-caption`).textContent = groups.every((group) => group.members.length === 0)
    ? 'No such pair.'
    : `${counts.join('; ')}. Bold is the mean` +
      (banded
        ? '; the band holds the middle 80 % of the pairs at each \u03b1: how pairs differ, no interval.'
        : '.');
  const count = groups.reduce((sum, group) => sum + group.drawn.length, 0);
  const middleOf = (group) => group.means[group.grid.findIndex((alpha) => alpha >= 0.5)];
  const owners = groups.flatMap((group) => group.drawn);
  chart(
    id,
    `${heading}: ${plural(count, 'curve')} of ${quantity} along the line between two models.` +
      groups
        .filter((group) => group.grid.length)
        .map(
          (group) =>
            ` ${group.name ?? 'On average'}: ${show(group.means[0])} at alpha 0, ${show(middleOf(group))} in the middle, ${show(group.means.at(-1))} at alpha 1.`,
        )
        .join(''),
    () => {
      const c = colours();
      return {
        grid: { left: 56, right: 16, top: groups.length > 1 ? 34 : 14, bottom: 40 },
        legend:
          groups.length > 1
            ? {
                top: 0,
                left: 0,
                textStyle: { color: c.text },
                data: groups.map((group) => ({ name: group.name, icon: 'roundRect' })),
              }
            : undefined,
        xAxis: axis('\u03b1  (0 = model B, 1 = model A)', {
          min: 0,
          max: 1,
          splitLine: { show: false },
        }),
        yAxis: axis(quantity, { nameGap: 40, ...range }),
        tooltip: {
          trigger: 'item',
          formatter: (item) => {
            const pair = owners[item.seriesIndex];
            return lines([
              pair
                ? `${label(number(pair.modelA))} \u2013 ${label(number(pair.modelB))}`
                : `Mean ${item.seriesName}`,
              ...(Array.isArray(item.value)
                ? [`\u03b1 ${show(item.value[0], 2)}: ${show(item.value[1])}`]
                : []),
            ]);
          },
        },
        series: [
          ...groups.flatMap((group) =>
            group.drawn.map((pair) => ({
              type: 'line',
              triggerLineEvent: true,
              symbol: 'circle',
              symbolSize: 3,
              showSymbol: count <= 60,
              data: pair.curve.alphas.map((alpha, i) => [
                number(alpha),
                clean(group.values(pair)[i] ?? NaN),
              ]),
              lineStyle: { width: 1, opacity: count > 60 ? 0.25 : 0.5 },
              itemStyle: { opacity: 0.5 },
              emphasis: { lineStyle: { width: 3, opacity: 1 } },
              color: group.colour
                ? group.colour(c)
                : isWithin(pair)
                  ? c.basin(cluster(models[number(pair.modelA)]))
                  : c.across,
            })),
          ),
          ...groups.map((group) => ({
            type: 'custom',
            silent: true,
            clip: true,
            z: 1,
            data: group.outline.length ? [group.outline[0]] : [],
            renderItem: (_, api) => ({
              type: 'polygon',
              shape: { points: group.outline.map((point) => api.coord(point)) },
              style: { fill: group.colour ? group.colour(c) : c.across, opacity: 0.3 },
            }),
          })),
          ...groups.map((group) => ({
            type: 'line',
            name: group.name ?? '',
            symbol: 'none',
            z: 5,
            color: group.colour ? group.colour(c) : c.text,
            lineStyle: { width: 3 },
            data: group.grid.map((alpha, i) => [alpha, clean(group.means[i])]),
          })),
        ],
      };
    },
    count > 60 ? 'canvas' : 'svg',
  );
  const { drawn } = charts.get(id);
  drawn.off('click');
  drawn.on('click', ({ seriesIndex }) => {
    const pair = owners[seriesIndex];
    if (pair) pick(number(pair.modelA), number(pair.modelB));
  });
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
