import js from '@eslint/js';
import globals from 'globals';

/** The scripts of the report's pages are put into one classic script each; ECharts stands before it. */
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
      'no-var': 'error',
      'prefer-const': 'error',
      strict: ['error', 'function'],
    },
  },
];
