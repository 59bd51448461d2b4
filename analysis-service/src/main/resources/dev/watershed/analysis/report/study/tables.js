/* Comparisons over pairs, and the models. */
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
      ...(split ? [{ name: 'Basin', text: true }] : []),
      { name: 'In-domain accuracy' },
      { name: `In-domain F1${positive(models[0]?.inDomain)}` },
      { name: 'In-domain loss (nats)' },
      ...diagnostics.map((_, d) => ({ name: diagnosticName(d) })),
      ...(hasFeature ? [{ name: 'Centroid-distance difference' }] : []),
    ],
    models.map((model, i) => [
      label(i),
      ...(split ? [basinTag(cluster(model))] : []),
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

/** Every pair with its intervals; of a large study pairs.csv holds them. */
function pairTable() {
  byId('pair-details').hidden = pairs.length === 0 || pairs.length > 500;
  if (byId('pair-details').hidden) return;
  byId('pair-details').firstElementChild.textContent =
    `All ${plural(pairs.length, 'pair')} with ${level} intervals`;
  const ownDistance = distanceName !== 'convexity gap';
  const value = { CG: 'convexityGapNats', BH: 'barrierHeightNats' };
  const known = { CG: 'convexityGap', BH: 'barrierHeight' };
  const ends = (pair, name) =>
    ['low', 'high'].map((end) => optional(pair.uncertainty?.[known[name]]?.interval?.[end] ?? 0));
  const intervals = (name) => {
    const format = formatOf(greatestOf(pairs.flatMap((pair) => ends(pair, name))), 3, 3);
    return (pair) => {
      const [low, high] = ends(pair, name);
      if (!pair.uncertainty) return { text: '\u2013', key: NaN };
      const gated = name === 'CG' && pair.uncertainty.lowerEndSetToZero;
      return {
        text: gated
          ? `\u2264 ${format(high)} (p = ${showP(number(pair.uncertainty.zeroTestP))})`
          : `[${format(low)}, ${format(high)}]`,
        key: high,
      };
    };
  };
  const gap = intervals('CG'),
    barrier = intervals('BH');
  table(
    'pair-table',
    'A name shows the pair above, a heading sorts, intervals by their upper end. \u2264 is a gap that is not distinguishable from 0.',
    [
      { name: 'Pair' },
      ...(split ? [{ name: 'Basins', text: true }] : []),
      ...(ownDistance ? [{ name: distanceTitle }] : []),
      { name: 'CG (nats)' },
      { name: 'CG interval' },
      { name: 'BH (nats)' },
      { name: 'BH interval' },
      { name: 'Euclidean distance' },
    ],
    pairs.map((pair) => {
      const a = number(pair.modelA),
        b = number(pair.modelB);
      const name = element('button', { type: 'button' }, `${label(a)} \u2013 ${label(b)}`);
      name.addEventListener('click', () => pick(a, b));
      return [
        name,
        ...(split
          ? [
              isWithin(pair)
                ? 'within'
                : [a, b].some((i) => cluster(models[i]) < 0)
                  ? 'outlier'
                  : 'across',
            ]
          : []),
        ...(ownDistance ? [number(pair.distance)] : []),
        optional(pair.metrics?.[value.CG] ?? (pair.metrics ? 0 : NaN)),
        gap(pair),
        optional(pair.metrics?.[value.BH] ?? (pair.metrics ? 0 : NaN)),
        barrier(pair),
        number(pair.euclideanDistance),
      ];
    }),
    true,
  );
}
