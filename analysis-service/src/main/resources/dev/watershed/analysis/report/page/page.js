/* Parts of a page that may fail alone, and charts that follow the window and paper. */
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
function redrawAll() {
  charts.forEach(({ drawn, redraw }) => {
    redraw();
    drawn.resize();
    drawn.getZr().flush(); // now: paper does not wait for the next frame
  });
}
function printing(on) {
  document.documentElement.classList.toggle('printing', on);
  redrawAll();
}

/** Called once everything is drawn: from then on charts follow the window, its colours and paper. */
function finish() {
  dark.addEventListener('change', redrawAll);
  window.addEventListener('resize', redrawAll);
  window.addEventListener('beforeprint', () => printing(true));
  window.addEventListener('afterprint', () => printing(false));
  document.documentElement.dataset.charts = charts.size;
}
