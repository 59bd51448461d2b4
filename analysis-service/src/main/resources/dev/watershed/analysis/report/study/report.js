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

const clusterCount = models.reduce((most, model) => Math.max(most, cluster(model) + 1), 1);
const split = !clustering.oneBasin && clusterCount > 1;
const word = clustering.oneBasin ? 'cluster' : 'basin';
const Word = word[0].toUpperCase() + word.slice(1);
const basinName = (c) => `${Word} ${c + 1}`;
const isWithin = (pair) =>
  cluster(models[number(pair.modelA)]) === cluster(models[number(pair.modelB)]);
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
