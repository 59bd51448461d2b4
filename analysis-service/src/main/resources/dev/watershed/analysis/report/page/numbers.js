/* Numbers: read from protobuf JSON, for people, and round ones for axes. */
// ---- Reading protobuf JSON: zeros are left out, NaN and infinities are strings.

const number = (value) => (value === undefined || value === null ? 0 : Number(value));
const optional = (value) => (value === undefined || value === null ? NaN : Number(value));

// ---- Numbers for people.

function show(value, digits = 3) {
  if (Number.isNaN(value)) return '\u2013';
  if (!Number.isFinite(value)) return value > 0 ? '\u221e' : '\u2212\u221e';
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-3 || size >= 1e5)
      ? value.toExponential(digits - 1)
      : value.toFixed(size >= 1000 ? 0 : digits);
  return text.replace('-', '\u2212');
}
/** One format for numbers that stand together: so many digits of their span, and at least so many decimals. */
function formatOf(span, digits = 3, decimals = 0) {
  if (!(Number.isFinite(span) && span > 0)) return (value) => show(value);
  const places = Math.max(decimals, digits - 1 - Math.floor(Math.log10(span) + 1e-9));
  return (value) => {
    if (!Number.isFinite(value)) return show(value);
    const text = places > 8 ? value.toExponential(digits - 1) : value.toFixed(Math.max(0, places));
    return text.replace(/^-(?=0\.?0*$)/, '').replace('-', '\u2212');
  };
}
/** The greatest size of those that are finite; 0 where none is. */
const greatestOf = (values) =>
  values.filter(Number.isFinite).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const showP = (p) => (Number.isNaN(p) ? '\u2013' : p < 1e-300 ? '< 1e\u2212300' : show(p));
const whole = (value) => Number(value).toLocaleString('en');
const plural = (count, noun) => `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;

function median(values) {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
function mean(values) {
  const finite = values.filter(Number.isFinite);
  return finite.length ? finite.reduce((sum, value) => sum + value, 0) / finite.length : NaN;
}
/** The least of 1, 2, 2.5, 5 times a power of ten that is not below the step. */
function roundStep(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 2.5, 5, 10]
    .map((factor) => factor * power)
    .find((round) => round >= step * (1 - 1e-9));
}
function roundRange(low, high) {
  const interval = roundStep((high - low || 0.05) / 5);
  // 23 times .025 is .5750000000000001, and would be written so.
  const times = (count) => Number((count * interval).toPrecision(12));
  return {
    min: times(Math.floor(low / interval)),
    max: times(Math.ceil(high / interval)),
    interval,
  };
}
