/* Loss and accuracy along the lines between models. */
/** What is drawn along the lines: its name, a pair's curve of it, and its place among mean curves. */
const quantities = [
  {
    name: 'loss',
    axis: 'loss (nats)',
    of: (pair) => [pair.curve?.alphas, pair.curve?.lossesNats],
    mean: 0,
  },
  { name: 'accuracy', axis: 'accuracy', of: (pair) => [pair.curve?.alphas, pair.accuracies] },
  ...diagnostics.flatMap((one, d) =>
    one.alongCurves
      ? [
          {
            name: `loss on ${diagnosticName(d)}`,
            axis: 'loss (nats)',
            along: true,
            of: (pair) => {
              const found = alongCurve(pair, d);
              return [found?.curve?.alphas, found?.curve?.lossesNats];
            },
            // Mean curves are told in domain first, then on each diagnostic along the lines.
            mean: 1 + diagnostics.slice(0, d).filter((other) => other.alongCurves).length,
          },
        ]
      : [],
  ),
];

/** Pairs by basin, or of the models that are best and worst on a diagnostic. */
function groupings() {
  const byBasin = {
    name: split ? 'by basin' : 'all',
    panels: [
      [split ? 'Within a basin' : 'All pairs', [{ has: isWithin }]],
      [split ? 'Across basins' : 'With outliers', [{ has: (pair) => !isWithin(pair) }]],
    ],
  };
  const bestAndWorst = (d) => {
    const [best, worst] = [true, false].map((isBest) =>
      (report.extremes ?? []).find(
        (one) => number(one.diagnostic) === d && Boolean(one.best) === isBest,
      ),
    );
    if (!best || !worst) return [];
    const sets = [best, worst].map((one) => new Set(one.models.map(number)));
    const k = sets[0].size;
    const ends = (pair) => [number(pair.modelA), number(pair.modelB)];
    const among = (set) => (pair) => ends(pair).every((i) => set.has(i));
    return [
      {
        name: `${k} best and ${k} worst on ${diagnosticName(d)}`,
        panels: [
          [
            `Among the ${k} best, and among the ${k} worst`,
            [
              { name: `${k} best`, has: among(sets[0]), found: best, colour: (c) => c.basin(0) },
              { name: `${k} worst`, has: among(sets[1]), found: worst, colour: (c) => c.basin(1) },
            ],
          ],
          [
            'Between the best and the worst',
            [
              {
                has: (pair) => {
                  const [a, b] = ends(pair);
                  return [sets, [...sets].reverse()].some(
                    ([one, other]) => one.has(a) && other.has(b),
                  );
                },
                colour: (c) => c.across,
              },
            ],
          ],
        ],
      },
    ];
  };
  return [byBasin, ...diagnostics.flatMap((_, d) => bestAndWorst(d))];
}

function curves() {
  const all = groupings();
  const grouping = byId('grouping'),
    quantity = byId('quantity');
  all.forEach((one, i) => grouping.append(element('option', { value: i }, one.name)));
  grouping.parentElement.hidden = all.length < 2;
  grouping.addEventListener('change', draw);
  quantities.forEach((one, i) => quantity.append(element('option', { value: i }, one.name)));
  quantity.addEventListener('change', draw);

  function draw() {
    const drawn = quantities[Number(quantity.value || 0)];
    const { panels } = all[Number(grouping.value || 0)];
    const shown = panels.map(([, groups]) => groups.map((one) => pairs.filter(one.has)));
    const found = shown
      .flat(2)
      .flatMap((pair) => drawn.of(pair)[1] ?? [])
      .map(number)
      .filter(Number.isFinite);
    const low = found.reduce((a, b) => Math.min(a, b), Infinity),
      high = found.reduce((a, b) => Math.max(a, b), -Infinity);
    const range = Number.isFinite(low) ? roundRange(low, high) : {};
    ['within', 'across'].forEach((id, i) => {
      const [heading, groups] = panels[i];
      byId(`${id}-heading`).textContent = heading;
      panel(
        id,
        heading,
        groups.map((one, g) => curveGroup(one, shown[i][g], drawn)),
        drawn.axis,
        range,
      );
    });
    byId('across-heading').parentElement.hidden = shown[1].flat().length === 0;
  }
  draw();
}

/**
 * Curves of some pairs and their mean: with a 95 % interval over models where the report tells it,
 * else with the middle 80 % of the pairs at each alpha.
 */
function curveGroup(group, members, quantity) {
  const drawn = evenly(members.filter((pair) => (quantity.of(pair)[0] ?? []).length > 0));
  const read = drawn.map((pair) => {
    const [alphas, at] = quantity.of(pair);
    return { alphas: alphas.map(number), at: (at ?? []).map(number) };
  });
  const band = (grid, low, high) =>
    [
      ...grid.map((alpha, i) => [alpha, low[i]]),
      ...grid.map((alpha, i) => [alpha, high[i]]).reverse(),
    ].filter((point) => point.every(Number.isFinite));
  const told = quantity.mean === undefined ? undefined : group.found?.curves?.[quantity.mean];
  if (told) {
    const grid = told.alphas.map(number);
    return {
      ...group,
      members,
      drawn,
      read,
      grid,
      means: told.lossesNats.map(number),
      told: true,
      outline: band(grid, (told.lowNats ?? []).map(number), (told.highNats ?? []).map(number)),
    };
  }
  const grid = [...new Set(read.flatMap((curve) => curve.alphas))].sort((a, b) => a - b);
  const columns = grid.map((alpha) =>
    read.map((curve) => between(curve, alpha)).filter(Number.isFinite),
  );
  const ends = [0.1, 0.9].map((p) => columns.map((column) => quantile(column, p)));
  return {
    ...group,
    members,
    drawn,
    read,
    grid,
    means: columns.map(mean),
    told: false,
    outline: members.length >= 5 ? band(grid, ...ends) : [],
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
  const banded = groups.find((group) => group.outline.length > 0);
  byId(`${id}-caption`).textContent = groups.every((group) => group.members.length === 0)
    ? 'No such pair.'
    : `${counts.join('; ')}. Bold is the mean` +
      (!banded
        ? '.'
        : banded.told
          ? ' over pairs, each in both directions; the band is where it lies, 95 % over models at each \u03b1 (jackknife).'
          : '; the band holds the middle 80 % of the pairs at each \u03b1: how pairs differ, no interval.');
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
            group.drawn.map((pair, i) => ({
              type: 'line',
              triggerLineEvent: true,
              symbol: 'circle',
              symbolSize: 3,
              showSymbol: count <= 60,
              data: group.read[i].alphas.map((alpha, at) => [
                alpha,
                clean(group.read[i].at[at] ?? NaN),
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
