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
/** Lets a table that the page came with be sorted by its headings: cells by their key or text. */
function sortable(target) {
  const body = target.tBodies[0];
  const heads = [...target.tHead.rows[0].cells];
  const key = (row, c) => {
    const cell = row.cells[c];
    return cell.dataset.key === undefined ? cell.textContent : Number(cell.dataset.key);
  };
  heads.forEach((head, c) => {
    const button = element('button', { type: 'button' }, head.textContent);
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const up = head.getAttribute('aria-sort') !== 'ascending';
      heads.forEach((other) => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const rows = [...body.rows];
      const numbers = rows.some((row) => typeof key(row, c) === 'number');
      rows.sort((one, other) => {
        const a = key(one, c),
          b = key(other, c);
        if (!numbers) return a.localeCompare(b, 'en', { numeric: true });
        // A cell without a number, a dash, goes last.
        return typeof a !== typeof b ? (typeof a === 'number' ? -1 : 1) : a - b;
      });
      body.append(...(up ? rows : rows.reverse()));
    });
  });
}
