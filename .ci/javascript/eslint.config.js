import { readdirSync, readFileSync } from 'node:fs';
import js from '@eslint/js';
import globals from 'globals';

const RESOURCES = 'analysis-service/src/main/resources/dev/watershed/analysis/report/';

/** The scripts in a folder, each with the names that it declares for the others. */
const scripts = (folder) =>
  readdirSync(RESOURCES + folder)
    .map((name) => `${RESOURCES}${folder}/${name}`)
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }))
    .map((script) => ({ ...script, names: declared(script.text) }));

const declared = (text) =>
  [...text.matchAll(/^(?:const|let|function) (\w+)/gm)].map((match) => match[1]);

const all = ['page', 'study', 'dynamics'].flatMap(scripts);
const words = all.flatMap(({ text }) => text.match(/\w+/g));
const unused = all
  .flatMap(({ names }) => names)
  .filter((name) => words.indexOf(name) === words.lastIndexOf(name));
if (unused.length) throw new Error(`Declared and not used in the report's scripts: ${unused}`);

/** A page's scripts are put into one function, ECharts before it: they see each other's names. */
const page = (folder) => {
  const together = [...scripts('page'), ...scripts(folder)];
  return together.map(({ file }) => ({
    files: [file],
    languageOptions: {
      globals: Object.fromEntries(
        together
          .filter((other) => other.file !== file)
          .flatMap((other) => other.names)
          .map((name) => [name, 'readonly']),
      ),
    },
  }));
};

export default [
  js.configs.recommended,
  {
    files: ['analysis-service/**/*.js'],
    languageOptions: {
      sourceType: 'script',
      globals: { ...globals.browser, echarts: 'readonly' },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-shadow': ['error', { allow: ['_'] }],
      'no-unused-vars': ['error', { vars: 'local' }],
      'no-var': 'error',
      'prefer-const': 'error',
      strict: ['error', 'never'],
    },
  },
  ...page('study'),
  ...page('dynamics'),
];
