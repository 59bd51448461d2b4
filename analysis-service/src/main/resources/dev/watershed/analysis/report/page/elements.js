/* Elements and tables. Text from data reaches a page as text nodes only. */
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

/**
 * Fills a table; a cell is a text, a number, a node, or a text with the key it sorts by. The numbers
 * of a column have one format.
 */
function table(id, caption, columns, rows, sortable = false) {
  const target = byId(id);
  const body = element('tbody');
  const formats = columns.map((_, c) =>
    formatOf(
      greatestOf(rows.map((row) => row[c]).filter((cell) => typeof cell === 'number')),
      3,
      3,
    ),
  );
  const content = (cell, c) => (typeof cell === 'number' ? formats[c](cell) : (cell.text ?? cell));
  const keyOf = (cell) => (cell instanceof Node ? cell.textContent : (cell.key ?? cell));
  const fill = (order) =>
    body.replaceChildren(
      ...order.map((r) =>
        element(
          'tr',
          {},
          ...rows[r].map((cell, c) => {
            const value = cell instanceof Node ? cell : content(cell, c);
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
      const key = (r) => keyOf(rows[r][c]);
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
