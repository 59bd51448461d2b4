/* What the pages share: reading protobuf JSON, numbers, elements, tables, charts. Text from data
   reaches a page as text nodes only. */
/* exported page */
const page = (function () {
  'use strict';

  const charts = new Map();

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
  } /** The least of 1, 2, 2.5, 5 times a power of ten that is not below the step. */
  function roundStep(step) {
    const power = 10 ** Math.floor(Math.log10(step));
    return [1, 2, 2.5, 5, 10]
      .map((factor) => factor * power)
      .find((round) => round >= step * (1 - 1e-9));
  }
  function roundRange(low, high) {
    const interval = roundStep((high - low || 0.05) / 5);
    return {
      min: Math.floor(low / interval) * interval,
      max: Math.ceil(high / interval) * interval,
      interval,
    };
  }

  // ---- Elements.

  function element(tag, properties = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name in made) made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  }
  const byId = (id) => document.getElementById(id);
  const lines = (texts) => {
    const box = element('div');
    texts.forEach((text, i) => box.append(element(i ? 'div' : 'strong', {}, text)));
    return box;
  };
  /** The name of a cluster beside its colour. */
  function clusterTag(c, name) {
    const tag = element('span', { className: 'basin' }, name);
    tag.style.setProperty('--basin', colours().basin(c));
    tag.dataset.basin = c;
    return tag;
  }
  function describe(list, facts) {
    for (const [term, detail] of facts) {
      if (detail === '' || detail === undefined) continue;
      list.append(element('dt', {}, term), element('dd', {}, detail));
    }
  }

  /** Fills a table; a cell is a text, a number, or a node; numeric columns sort when asked to. */
  function table(id, caption, columns, rows, sortable = false) {
    const target = byId(id);
    const body = element('tbody');
    const fill = (order) =>
      body.replaceChildren(
        ...order.map((r) =>
          element(
            'tr',
            {},
            ...rows[r].map((cell, c) => {
              const value = typeof cell === 'number' ? show(cell) : cell;
              return c === 0
                ? element('th', { scope: 'row' }, value)
                : element('td', { className: columns[c].text ? 'text' : '' }, value);
            }),
          ),
        ),
      );
    const heads = columns.map((column, c) => {
      const head = element('th', { scope: 'col', className: column.text ? 'text' : '' });
      if (!sortable) {
        head.append(column.name);
        return head;
      }
      const button = element('button', { type: 'button' }, column.name);
      button.addEventListener('click', () => {
        const up = head.getAttribute('aria-sort') !== 'ascending';
        heads.forEach((other) => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
        const key = (r) => (rows[r][c] instanceof Node ? rows[r][c].textContent : rows[r][c]);
        const order = [...rows.keys()].sort((i, j) => {
          const a = key(i),
            b = key(j);
          if (typeof a !== 'number')
            return String(a).localeCompare(String(b), 'en', { numeric: true });
          return Number.isNaN(a) || Number.isNaN(b) ? Number.isNaN(a) - Number.isNaN(b) : a - b;
        });
        fill(up ? order : order.reverse());
      });
      head.append(button);
      return head;
    });
    fill([...rows.keys()]);
    target.replaceChildren(
      element('caption', {}, caption),
      element('thead', {}, element('tr', {}, ...heads)),
      body,
    );
  }

  // ---- Charts.

  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  function colours() {
    const night = dark.matches && !document.documentElement.classList.contains('printing');
    // Okabe and Ito's palette, distinguishable with colour-vision deficiencies.
    const basins = night
      ? ['#56B4E9', '#F0903C', '#2CC295', '#E79FCB', '#E8D44A', '#9DB4FF', '#C9A27A', '#B8C2CC']
      : ['#0072B2', '#D55E00', '#009E73', '#B5538C', '#A88600', '#5B6FD6', '#8C5A2B', '#5F6B78'];
    return {
      basin: (c) => basins[c % basins.length],
      text: night ? '#e6ebf1' : '#1b2430',
      muted: night ? '#9aa7b6' : '#5b6776',
      line: night ? '#2c3845' : '#dfe4ea',
      card: night ? '#18202a' : '#ffffff',
      across: night ? '#b8c2cc' : '#4a5563',
      none: night ? '#222c37' : '#eceff3',
      ramp: night
        ? ['#182634', '#1c4468', '#2a76b0', '#6db3e6', '#e3f2ff']
        : ['#f3f7fc', '#c7dcf0', '#77b0dc', '#2470b3', '#08306b'],
    };
  }
  const SYMBOLS = ['circle', 'diamond', 'triangle', 'rect', 'pin', 'arrow', 'roundRect'];

  function chart(id, description, option, renderer = 'svg') {
    const box = byId(id);
    box.setAttribute('aria-label', description);
    const drawn = charts.get(id)?.drawn ?? echarts.init(box, null, { renderer });
    charts.set(id, { drawn, redraw: () => drawn.setOption(base(option()), true) });
    charts.get(id).redraw();
  }
  function base(option) {
    const c = colours();
    return {
      animation: false,
      textStyle: {
        fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif',
        color: c.text,
      },
      ...option,
      tooltip: {
        backgroundColor: c.card,
        borderColor: c.line,
        textStyle: { color: c.text, fontSize: 13 },
        confine: true,
        ...option.tooltip,
      },
    };
  }
  function axis(name, extra = {}) {
    const c = colours();
    return {
      type: 'value',
      name,
      nameLocation: 'middle',
      nameGap: 28,
      scale: true,
      nameTextStyle: { color: c.muted },
      axisLabel: { color: c.muted, hideOverlap: true },
      axisLine: { lineStyle: { color: c.line } },
      axisTick: { lineStyle: { color: c.line } },
      splitLine: { lineStyle: { color: c.line } },
      ...extra,
    };
  }

  // ---- The page.

  function attempt(name, part) {
    try {
      part();
    } catch (error) {
      console.error(name, error);
      document.documentElement.dataset.failed = name;
      document
        .querySelector('header')
        .append(
          element(
            'p',
            { className: 'notice' },
            `The part "${name}" could not be drawn: ${error.message}`,
          ),
        );
    }
  }
  function recolour() {
    charts.forEach(({ drawn, redraw }) => {
      redraw();
      drawn.resize();
      drawn.getZr().flush(); // now: paper does not wait for the next frame
    });
    const c = colours();
    document
      .querySelectorAll('[data-basin]')
      .forEach((tag) => tag.style.setProperty('--basin', c.basin(Number(tag.dataset.basin))));
  }
  function printing(on) {
    document.documentElement.classList.toggle('printing', on);
    recolour();
  }

  /** Called once everything is drawn: from then on charts follow the window, its colours and paper. */
  function finish() {
    dark.addEventListener('change', recolour);
    window.addEventListener('resize', () => charts.forEach(({ drawn }) => drawn.resize()));
    window.addEventListener('beforeprint', () => printing(true));
    window.addEventListener('afterprint', () => printing(false));
    document.documentElement.dataset.charts = charts.size;
  }

  return {
    number,
    optional,
    show,
    showP,
    whole,
    plural,
    median,
    mean,
    roundStep,
    roundRange,
    element,
    byId,
    lines,
    clusterTag,
    describe,
    table,
    dark,
    colours,
    SYMBOLS,
    chart,
    axis,
    attempt,
    finish,
  };
})();
