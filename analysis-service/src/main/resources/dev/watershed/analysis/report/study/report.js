/* A StudyReport (protobuf JSON), and what its models, basins and scores are called. */
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

const verdict = report.verdict ?? {};
const split = verdict.state === 'BASIN_STATE_SPLIT';
const undecided = verdict.state === 'BASIN_STATE_UNDECIDED';
const clusterCount = split ? number(verdict.clusterCount) : 1;
const basinName = (c) => (c < 0 ? 'Outlier' : split ? `Basin ${c + 1}` : 'All models');
const isWithin = (pair) =>
  cluster(models[number(pair.modelA)]) >= 0 &&
  cluster(models[number(pair.modelA)]) === cluster(models[number(pair.modelB)]);
/** What an interval of a metric is called behind its value. */
const interval = (uncertainty) =>
  uncertainty?.interval
    ? ` [${show(number(uncertainty.interval.low))}, ${show(number(uncertainty.interval.high))}]`
    : '';
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
const distance = DISTANCES[spec.distance] ?? ['convexity gap', 'nats'];
const distanceName = distance[0];
const distanceUnit = distance[1];
const distanceTitle = distanceUnit ? `${distanceName} (${distanceUnit})` : distanceName;
const basinTag = (c) => clusterTag(c, basinName(c));
const ranked = (values) =>
  [...values.keys()].sort((i, j) => {
    const a = values[i],
      b = values[j];
    return Number.isNaN(a) || Number.isNaN(b) ? Number.isNaN(a) - Number.isNaN(b) : a - b;
  });
