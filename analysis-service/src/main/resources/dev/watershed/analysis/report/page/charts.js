/* Charts, their colours and axes. */
const charts = new Map();

const dark = window.matchMedia('(prefers-color-scheme: dark)');
function colours() {
  const night = dark.matches && !document.documentElement.classList.contains('printing');
  // Okabe and Ito's palette, distinguishable with colour-vision deficiencies.
  const basins = night
    ? ['#56B4E9', '#F0903C', '#2CC295', '#E79FCB', '#E8D44A', '#9DB4FF', '#C9A27A', '#B8C2CC']
    : ['#0072B2', '#D55E00', '#009E73', '#B5538C', '#A88600', '#5B6FD6', '#8C5A2B', '#5F6B78'];
  return {
    basin: (c) => (c < 0 ? 'currentcolor' : basins[c % basins.length]),
    text: night ? '#e6ebf1' : '#1b2430',
    muted: night ? '#9aa7b6' : '#5b6776',
    line: night ? '#2c3845' : '#dfe4ea',
    card: night ? '#18202a' : '#ffffff',
    picked: night ? '#F0903C' : '#D55E00',
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
  if (!charts.has(id)) box.after(saving(id));
  const drawn = charts.get(id)?.drawn ?? echarts.init(box, null, { renderer });
  const full = () => base(option());
  charts.set(id, { drawn, full, redraw: () => drawn.setOption(full(), true) });
  charts.get(id).redraw();
}

/** Buttons that save a figure as it stands, drawn anew with a background of its own. */
function saving(id) {
  const button = (kind, data) => {
    const made = element(
      'button',
      { type: 'button', 'aria-label': `Save the figure as ${kind}` },
      kind,
    );
    made.dataset.save = id;
    made.addEventListener('click', () => {
      const name = document.title
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, '')
        .slice(0, 60);
      const link = element('a', {
        href: data(),
        download: `${name || 'study'}-${id}.${kind.toLowerCase()}`,
      });
      link.click();
    });
    return made;
  };
  return element(
    'div',
    { className: 'saving' },
    button('SVG', () => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg(id))}`),
    button('PNG', () => png(id)),
  );
}
const alone = (id) => ({ ...charts.get(id).full(), backgroundColor: colours().card });
const sizeOf = (id) => {
  const { drawn } = charts.get(id);
  return { width: drawn.getWidth(), height: drawn.getHeight() };
};
function svg(id) {
  const copy = echarts.init(null, null, { renderer: 'svg', ssr: true, ...sizeOf(id) });
  copy.setOption(alone(id));
  const text = copy.renderToSVGString();
  copy.dispose();
  return text;
}
function png(id) {
  const copy = echarts.init(element('div'), null, { renderer: 'canvas', ...sizeOf(id) });
  copy.setOption(alone(id));
  const url = copy.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: colours().card });
  copy.dispose();
  return url;
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
