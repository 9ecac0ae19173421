import assert from 'node:assert/strict';
import { withoutPaths } from '../../src/supervision/discreet';

describe('A sentence that is answered over HTTP', () => {
  const cases = [
    ['The model "/home/ann/my models/bell" is left out.', 'The model "…/bell" is left out.'],
    ["ENOENT: no such file, open '/data/x/catalogue.json'", "ENOENT: no such file, open '…/catalogue.json'"],
    ['cannot be read: /srv/a/b.onnx: ENOENT.', 'cannot be read: …/b.onnx: ENOENT.'],
    ['The file file:///etc/passwd is none.', 'The file …/passwd is none.'],
    ['in C:\\Users\\ann\\models\\bell.onnx, which', 'in …/bell.onnx, which'],
    ['"\\\\server\\share\\bell.onnx"', '"…/bell.onnx"'],
    ['See https://example.com/a/b for more, or 16/44 kHz and and/or.', undefined],
    ['Accepted: 1 / 2, a ratio.', undefined],
    ['Run npm install @deeptone/node-red.', undefined],
  ] as const;
  for (const [said, told = said] of cases) {
    it(`says no places: ${said}`, () => {
      assert.equal(withoutPaths(said), told);
    });
  }

  it('takes no longer for hostile words than they are long', () => {
    const words = '/a'.repeat(100_000) + '"/'.repeat(50_000);
    const begun = process.cpuUsage();
    withoutPaths(words);
    assert.ok(process.cpuUsage(begun).user < 5e6);
  });
});
