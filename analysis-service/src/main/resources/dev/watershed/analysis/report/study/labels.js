/* What differs among labels; figures have no room for what all of them share. */
/** Words with the separators behind them; a number such as 1e-5 or 0.1 is one word. */
const wordsOf = (text) => text.split(/(?<=[-_./\s:=,])(?<!\de-)(?<!\d\.(?=\d))(?=[^-_./\s:=,])/i);

function shortened(labels) {
  if (new Set(labels).size < 2) return labels;
  const words = labels.map(wordsOf);
  const shortest = Math.min(...words.map((of) => of.length));
  const same = (at) => words.every((of) => of.at(at) === words[0].at(at));
  let head = 0,
    tail = 0;
  while (head < shortest && same(head)) head++;
  while (tail < shortest - head && same(-1 - tail)) tail++;
  const bare = /^\d/;
  // A number says little without the word before it: seed-1.
  while (head > 0 && words.some((of) => bare.test(of.slice(head, of.length - tail).join(''))))
    head--;
  const alike = words.every((of) => of.length === shortest);
  const kept = words.map((of) => of.slice(head, of.length - tail));
  const short = kept.map((of) =>
    of
      // Of labels of one form, words in between that all share go too.
      .filter((word, i) => {
        const place = head + i;
        return (
          !alike ||
          !same(place) ||
          (place + 1 < of.length + head &&
            !same(place + 1) &&
            words.some((other) => bare.test(other[place + 1])))
        );
      })
      .join('')
      .replace(/[-_./\s:=,]+$/, ''),
  );
  return short.includes('') || new Set(short).size < new Set(labels).size
    ? labels.map(middleCut)
    : short.map(middleCut);
}

/** The ends of a long text, which tell labels apart. */
const middleCut = (text) =>
  text.length <= 24 ? text : `${text.slice(0, 10)}\u2026${text.slice(-13)}`;
