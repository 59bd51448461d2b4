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
