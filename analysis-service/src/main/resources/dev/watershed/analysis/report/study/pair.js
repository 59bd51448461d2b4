/* One pair's curve: its band over examples, and the chord that its convexity gap stands on. */
const hasCurve = (one) => (one.curve?.alphas ?? []).length > 0;

let picked = farthest();
const onPick = [];

/** The pair with the largest finite distance. */
function farthest() {
  const finite = pairs.filter((one) => Number.isFinite(number(one.distance)));
  return finite.reduce(
    (most, one) => (number(one.distance) > number(most.distance) ? one : most),
    finite[0] ?? pairs[0],
  );
}
function pick(a, b) {
  const found = pairOf.get(pairKey(a, b));
  if (a === b || !found) return;
  picked = found;
  // The address names the pair, so that it can be sent.
  window.history.replaceState(null, '', `#pair-${number(found.modelA)}-${number(found.modelB)}`);
  onPick.forEach((follow) => follow());
}
/** An address that ends in #pair-0-3 picks that pair. */
function pickFromAddress() {
  const named = /^#pair-(\d+)-(\d+)$/.exec(window.location.hash);
  if (named) pick(Number(named[1]), Number(named[2]));
}

function pair() {
  if (!picked) {
    byId('pair-figure').hidden = true;
    return;
  }
  const first = byId('pair-first'),
    second = byId('pair-second');
  for (const select of [first, second])
    models.forEach((_, i) =>
      select.append(element('option', { value: i, title: label(i) }, shortLabel(i))),
    );
  const choose = (changed, other) => {
    // The same model twice is no pair: the other one makes room.
    if (changed.value === other.value)
      other.value = [number(picked.modelA), number(picked.modelB)].find(
        (i) => String(i) !== changed.value,
      );
    pick(Number(first.value), Number(second.value));
  };
  first.addEventListener('change', () => choose(first, second));
  second.addEventListener('change', () => choose(second, first));
  window.addEventListener('hashchange', pickFromAddress);
  onPick.push(() => {
    const ends = [number(picked.modelA), number(picked.modelB)];
    // A pair has no order: what a reader chose stays where it is.
    const chosen = [Number(first.value), Number(second.value)];
    if (pairKey(...ends) !== pairKey(...chosen) || chosen[0] === chosen[1])
      [first.value, second.value] = ends;
    drawPair();
  });
  pickFromAddress();
  onPick.forEach((follow) => follow());
}

function drawPair() {
  const a = label(number(picked.modelA)),
    b = label(number(picked.modelB));
  const facts = pairFacts(picked);
  byId('pair-reading').replaceChildren(
    element('strong', {}, facts[0] ?? `${distanceTitle}: ${show(number(picked.distance))}`),
    facts.slice(1).join('; '),
  );
  const alphas = (picked.curve?.alphas ?? []).map(number);
  const losses = (picked.curve?.lossesNats ?? []).map(number);
  const lows = (picked.uncertainty?.bandLowNats ?? []).map(number);
  const highs = (picked.uncertainty?.bandHighNats ?? []).map(number);
  const banded = alphas.length > 0 && lows.length === alphas.length;
  const certificate = picked.metrics?.convexityGapCertificate;
  const [gamma, top, beta] = [certificate?.gamma, certificate?.alpha, certificate?.beta].map(
    number,
  );
  const at = (alpha) => between({ alphas, at: losses }, alpha);
  const chord = hasCurve(picked) && gamma < top && top < beta;
  const foot = chord ? at(gamma) + ((top - gamma) / (beta - gamma)) * (at(beta) - at(gamma)) : NaN;
  const others = quantities
    .filter((one) => one.along)
    .map((one) => {
      const [places, found] = one.of(picked);
      return {
        name: one.name,
        data: (places ?? []).map((alpha, i) => [number(alpha), number(found[i])]),
      };
    })
    .filter((one) => one.data.length);
  const values = [
    ...losses,
    ...lows,
    ...highs,
    ...others.flatMap((one) => one.data.map(([, loss]) => loss)),
  ].filter(Number.isFinite);
  const low = Math.min(...values),
    high = Math.max(...values);
  const digits = formatOf(high - low, 4);
  const bandName = `${level} over examples, pointwise`;
  const gapName = 'chord and convexity gap';
  byId('pair').hidden = !hasCurve(picked);
  byId('pair-caption').textContent = !hasCurve(picked)
    ? 'The page of a study this large does not hold every curve; curves.csv does.'
    : (banded
        ? `The ribbon says where the mean loss lies at each point, given these two models (${level}, ${plural(number(spec.resampling?.resampleCount), 'resample')} of the examples); it is no band for the whole curve.`
        : 'No band: the losses of single examples are not known.') +
      (chord
        ? ` The bar is the convexity gap: at \u03b1 = ${show(top, 2)}, above the chord from ${show(gamma, 2)} to ${show(beta, 2)}.`
        : '') +
      ' A cell of the heat map picks its pair.';
  chart(
    'pair',
    `Loss along the line between ${a} and ${b}${banded ? ` with its ${bandName} band` : ''}. ${facts.join('; ')}.` +
      (values.length ? ` Loss lies between ${digits(low)} and ${digits(high)} nats.` : ''),
    () => {
      const c = colours();
      const ends = [number(picked.modelA), number(picked.modelB)].map((i) => cluster(models[i]));
      const colour = isWithin(picked) && ends[0] >= 0 ? c.basin(ends[0]) : c.across;
      const outline = [
        ...alphas.map((alpha, i) => [alpha, lows[i]]),
        ...alphas.map((alpha, i) => [alpha, highs[i]]).reverse(),
      ];
      return {
        grid: { left: 64, right: 20, top: 36, bottom: 44 },
        legend: {
          top: 0,
          left: 0,
          textStyle: { color: c.text },
          data: [
            { name: 'loss' },
            ...(banded ? [{ name: bandName, icon: 'rect' }] : []),
            ...(chord ? [{ name: gapName }] : []),
            ...others.map((one) => ({ name: one.name })),
          ],
        },
        xAxis: axis(
          `\u03b1  (0 = ${shortLabel(number(picked.modelB))}, 1 = ${shortLabel(number(picked.modelA))})`,
          {
            min: 0,
            max: 1,
            splitLine: { show: false },
          },
        ),
        yAxis: axis('loss (nats)', {
          nameGap: 46,
          ...(values.length ? roundRange(low, high) : {}),
        }),
        tooltip: {
          trigger: 'item',
          formatter: (item) =>
            lines([
              item.seriesName === gapName ? gapText(picked, 5) : `\u03b1 ${show(item.value[0], 3)}`,
              `${item.seriesName === gapName ? 'loss' : item.seriesName} ${digits(item.value[1])} nats`,
              ...(banded && item.seriesName === 'loss'
                ? [`${level}: ${digits(lows[item.dataIndex])} to ${digits(highs[item.dataIndex])}`]
                : []),
            ]),
        },
        series: [
          ...(banded
            ? [
                {
                  type: 'custom',
                  name: bandName,
                  silent: true,
                  clip: true,
                  color: colour,
                  itemStyle: { color: colour, opacity: 0.2 },
                  data: [outline[0]],
                  renderItem: (_, api) => ({
                    type: 'polygon',
                    shape: {
                      points: outline
                        .filter((point) => point.every(Number.isFinite))
                        .map((point) => api.coord(point)),
                    },
                    style: { fill: colour, opacity: 0.2 },
                  }),
                },
              ]
            : []),
          {
            type: 'line',
            name: 'loss',
            color: colour,
            symbol: 'circle',
            symbolSize: 7,
            lineStyle: { width: 2 },
            data: alphas.map((alpha, i) => [alpha, Number.isFinite(losses[i]) ? losses[i] : null]),
          },
          ...others.map((one, i) => ({
            type: 'line',
            name: one.name,
            color: c.muted,
            symbol: ['emptyCircle', 'emptyTriangle', 'emptyRect', 'emptyDiamond'][i % 4],
            symbolSize: 6,
            lineStyle: { width: 1.5, type: 'dotted' },
            data: one.data.map(([alpha, loss]) => [alpha, Number.isFinite(loss) ? loss : null]),
          })),
          ...(chord
            ? [
                {
                  type: 'line',
                  name: gapName,
                  color: c.text,
                  symbol: 'circle',
                  symbolSize: 4,
                  lineStyle: { width: 1.5, type: 'dashed' },
                  data: [
                    [gamma, at(gamma)],
                    [beta, at(beta)],
                  ],
                },
                {
                  type: 'line',
                  name: gapName,
                  color: c.text,
                  symbol: 'none',
                  z: 5,
                  lineStyle: { width: 4 },
                  data: [
                    [top, foot],
                    [top, at(top)],
                  ],
                },
              ]
            : []),
        ],
      };
    },
  );
}
