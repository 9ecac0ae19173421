/**
 * Suites run two at a time, with real programs beside them that a busy machine makes late: where nobody looks on, a test that fails is tried once more.
 * What is broken fails twice.
 */
module.exports = {
  spec: ['dist/test/**/*.test.js'],
  timeout: 120_000,
  recursive: true,
  parallel: true,
  jobs: 2,
  retries: process.env.CI ? 1 : 0,
};
