/* Key figures, what it cost, and how it was measured. */
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
    whole(computed + reused) + (reused ? `, ${whole(reused)} of them known from other studies` : '')
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
      split ? 'Basins' : 'Split',
      split ? String(clusterCount) : undecided ? 'undecided' : 'none seen',
      split ? sizes.join(' + ') + ' models' : '',
    ],
    [
      'Separation',
      show(number(verdict.separation)),
      `${show(number(verdict.separationNeeded))} needed`,
    ],
    ...(split
      ? [
          [`Median ${distanceName} within`, show(distances(isWithin)), distanceUnit],
          [
            `Median ${distanceName} across`,
            show(distances((pair) => !isWithin(pair))),
            distanceUnit,
          ],
        ]
      : [[`Median ${distanceName}`, show(distances(() => true)), distanceUnit]]),
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
    [
      'Intervals',
      report.epsilonConvexNats === undefined && !pairs.some((pair) => pair.uncertainty)
        ? 'none'
        : `${level} over examples, given the models: ${plural(number(spec.resampling?.resampleCount), 'resample')} of ${plural(number(report.inDomainExampleCount), 'example')}, seed ${spec.resampling?.seed ?? 0}`,
    ],
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
