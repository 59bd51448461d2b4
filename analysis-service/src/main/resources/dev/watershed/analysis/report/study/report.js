/* A StudyReport (protobuf JSON), and what its models, basins and scores are called. */
const report = JSON.parse(document.getElementById('report').textContent);
const spec = report.spec ?? {};
const models = report.models ?? [];
const pairs = report.pairs ?? [];
const clustering = report.clustering ?? {};
const diagnostics = spec.diagnostics ?? [];

const cluster = (model) => number(model.cluster);
/** A model's whole name, for tables and tooltips; figures take shortLabel. */
const label = (i) => models[i].label || models[i].checkpoint.replace(/^checkpoints\//, '');
const shortLabels = shortened([...models.keys()].map(label));
const shortLabel = (i) => shortLabels[i];
const pairKey = (a, b) => Math.min(a, b) * models.length + Math.max(a, b);
const pairOf = new Map(
  pairs.map((pair) => [pairKey(number(pair.modelA), number(pair.modelB)), pair]),
);
const score = (model, d) => number((model.diagnosticScores ?? [])[d]);
const diagnosticName = (d) => diagnostics[d].sample?.name ?? `diagnostic ${d + 1}`;

const verdict = report.verdict ?? {};
const split = verdict.state === 'BASIN_STATE_SPLIT';
const clusterCount = split ? number(verdict.clusterCount) : 1;
const basinName = (c) => (c < 0 ? 'Outlier' : split ? `Basin ${c + 1}` : 'All models');
const isWithin = (pair) =>
  cluster(models[number(pair.modelA)]) >= 0 &&
  cluster(models[number(pair.modelA)]) === cluster(models[number(pair.modelB)]);
const level = `${Number((100 * (number(spec.resampling?.level) || 0.95)).toFixed(1))} %`;
/** A metric with its interval, all three numbers alike. */
function estimate(value, uncertainty, digits = 3) {
  const low = number(uncertainty?.interval?.low),
    high = number(uncertainty?.interval?.high);
  const format = formatOf(greatestOf([value, low, high]), digits, digits);
  return uncertainty?.interval
    ? `${format(value)} [${format(low)}, ${format(high)}]`
    : format(value);
}
/** The convexity gap as it may be told: one that may be 0 has an upper end only. */
function gapText(pair, digits = 3) {
  const known = pair.uncertainty,
    high = number(known?.convexityGap?.interval?.high);
  return known?.lowerEndSetToZero
    ? `CG \u2264 ${formatOf(high, digits - 1, digits)(high)} nats, not distinguishable from 0 (one-sided p = ${showP(number(known.zeroTestP))})`
    : `CG ${estimate(number(pair.metrics?.convexityGapNats), known?.convexityGap, digits)} nats`;
}
/** What is known of a pair, a line each. */
function pairFacts(pair, digits = 3) {
  const m = pair.metrics,
    known = pair.uncertainty;
  if (!m) return [];
  return [
    gapText(pair, digits) +
      (pair.convexityGapToleranceNats === undefined
        ? ''
        : `, at most ${show(Number(pair.convexityGapToleranceNats))} more between its points`),
    `BH ${estimate(number(m.barrierHeightNats), known?.barrierHeight, digits)} nats`,
    ...(m.improvedConvexityGapNats === undefined
      ? []
      : [
          `ICG ${estimate(Number(m.improvedConvexityGapNats), known?.improvedConvexityGap, digits)} nats`,
        ]),
  ];
}
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
  DISTANCE_METRIC_CONVEXITY_GAP: ['convexity gap', 'nats', (m) => m.convexityGapNats],
  DISTANCE_METRIC_BARRIER_HEIGHT: ['barrier height', 'nats', (m) => m.barrierHeightNats],
  DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP: [
    'improved convexity gap',
    'nats',
    (m) => m.improvedConvexityGapNats,
  ],
  DISTANCE_METRIC_AREA: ['area above the minimum', 'nats', (m) => m.areaNats],
  DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN: [
    'area times distance',
    'nats',
    (_, pair) => pair.areaTimesEuclideanDistance,
  ],
  DISTANCE_METRIC_EUCLIDEAN: ['Euclidean distance', '', (_, pair) => pair.euclideanDistance],
  DISTANCE_METRIC_DISAGREEMENT: ['disagreement of predictions', '', (_, pair) => pair.disagreement],
  DISTANCE_METRIC_JENSEN_SHANNON: [
    'Jensen-Shannon divergence',
    'nats',
    (_, pair) => pair.jensenShannonNats,
  ],
};
const titled = (name, unit) => (unit ? `${name} (${unit})` : name);
const chosenDistance = DISTANCES[spec.distance] ?? DISTANCES.DISTANCE_METRIC_CONVEXITY_GAP;
const distanceName = chosenDistance[0];
const distanceUnit = chosenDistance[1];
const distanceTitle = titled(distanceName, distanceUnit);

/** How figures of distances see the study: by the chosen distance, or by another one. */
function viewOf(metric, judged, of, on = '') {
  const [plain, unit] = DISTANCES[metric] ?? DISTANCES.DISTANCE_METRIC_CONVEXITY_GAP;
  const name = plain + on;
  const isSplit = judged.state === 'BASIN_STATE_SPLIT';
  const assignments = judged.assignments ?? [];
  return {
    name,
    unit,
    title: titled(name, unit),
    verdict: judged,
    split: isSplit,
    of,
    cluster: (i) => number(assignments[i]),
    basinName: (c) => (c < 0 ? 'Outlier' : isSplit ? `Basin ${c + 1}` : 'All models'),
  };
}
/** A pair's curve on a diagnostic, where that is measured along the lines. */
const alongCurve = (pair, d) =>
  (pair.diagnosticCurves ?? []).find((curve) => number(curve.diagnostic) === d);
/** How far a pair is apart by a variant: in domain, or on the curves of a diagnostic. */
function distanceBy({ distance, alongDiagnostic }) {
  const of = DISTANCES[distance][2];
  return alongDiagnostic === undefined
    ? (pair) => number(of(pair.metrics, pair))
    : (pair) => {
        const metrics = alongCurve(pair, number(alongDiagnostic))?.metrics;
        return metrics ? number(of(metrics, pair)) : Infinity;
      };
}
const views = [
  {
    ...viewOf(spec.distance, verdict, (pair) => number(pair.distance)),
    cluster: (i) => cluster(models[i]),
  },
  // The page of a very large study does not hold the metrics.
  ...(pairs.every((pair) => pair.metrics) ? (report.variants ?? []) : []).map((variant) => ({
    ...viewOf(
      variant.distance,
      variant.verdict ?? {},
      distanceBy(variant),
      variant.alongDiagnostic === undefined
        ? ''
        : ` on ${diagnosticName(number(variant.alongDiagnostic))}`,
    ),
    leftOut: variant.stabilityLeftOut || 'not told.',
  })),
];
let view = views[0];
function look(i) {
  view = views[i];
}
const ranked = (values) =>
  [...values.keys()].sort((i, j) => {
    const a = values[i],
      b = values[j];
    return Number.isNaN(a) || Number.isNaN(b) ? Number.isNaN(a) - Number.isNaN(b) : a - b;
  });
