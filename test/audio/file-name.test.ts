import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filePath } from '../../src/audio';

describe('The name of a file', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'deeptone-names-'));
    mkdirSync(at('sub'));
    const names = [
      'a.wav',
      'a b.wav',
      '100%.wav',
      'a#1.wav',
      'a%20b.wav',
      ' spaced.wav ',
      'größe.wav',
      '"q".wav',
    ];
    for (const name of [...names, 'sub/c.wav']) writeFileSync(at(name), '');
    writeFileSync(at('"real".wav"'), '');
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const readings: readonly (readonly [string, (folder: string) => unknown, string])[] = [
    ['a relative one', () => 'a.wav', 'a.wav'],
    ['a line feed behind it', () => 'a.wav\n', 'a.wav'],
    ['a carriage return and a line feed behind it', () => 'a.wav\r\n', 'a.wav'],
    ['empty lines around it', () => '\n\na.wav\n\n', 'a.wav'],
    ['spaces around it', () => '  a.wav\t', 'a.wav'],
    ['spaces that belong to it', () => ' spaced.wav ', ' spaced.wav '],
    ['a zero byte behind it, as of find -print0', () => 'a.wav\0', 'a.wav'],
    ['a byte order mark before it', () => '\uFEFFa.wav', 'a.wav'],
    ['bytes of text', () => Buffer.from('größe.wav\n'), 'größe.wav'],
    ['colours of ls', () => '\u001b[0m\u001b[01;36ma.wav\u001b[0m\n', 'a.wav'],
    ['double quotes', () => '"a b.wav"', 'a b.wav'],
    ['single quotes and a line feed', () => "'a b.wav'\n", 'a b.wav'],
    ['typographic quotes', () => '“a.wav”', 'a.wav'],
    ['quotes that belong to it', () => '"real".wav"', '"real".wav"'],
    ['spaces escaped as by a shell', () => 'a\\ b.wav', 'a b.wav'],
    ['folders as Windows writes them', () => 'sub\\c.wav', 'sub/c.wav'],
    ['an address', (path) => pathToFileURL(join(path, 'a b.wav')).href, 'a b.wav'],
    ['an address of this machine by name', (path) => `file://localhost${path}/a.wav`, 'a.wav'],
    ['an address with one slash', (path) => `file:${path}/a.wav`, 'a.wav'],
    ['an address in quotes with a line feed', (path) => `"file://${path}/a.wav"\n`, 'a.wav'],
    ['an address without escapes', (path) => `file://${path}/a b.wav`, 'a b.wav'],
    ['an address with a percent sign that escapes nothing', (path) => `file://${path}/100%.wav`, '100%.wav'],
    ['an address with a number sign', (path) => `file://${path}/a#1.wav`, 'a#1.wav'],
    ['a relative path behind file://', () => 'file://sub/c.wav', 'sub/c.wav'],
    ['a relative path behind file:', () => 'file:a.wav', 'a.wav'],
    ['percent signs that belong to it', () => 'a%20b.wav', 'a%20b.wav'],
    ['percent signs of an address', () => 'sub/../a%231.wav', 'a#1.wav'],
    ['an accent apart from its letter', () => 'größe.wav'.normalize('NFD'), 'größe.wav'],
  ];
  for (const [what, name, expected] of readings) {
    it(`is understood: ${what}`, async () => {
      assert.equal(basename(expected), basename(await filePath(name(folder), folder)));
      assert.equal(await filePath(name(folder), folder), at(expected));
    });
  }

  it('that no file has is the likeliest path, without what stood around it', async () => {
    assert.equal(await filePath('gone.wav\n', folder), at('gone.wav'));
    assert.equal(await filePath('file:///gone/a%20b.wav'), '/gone/a b.wav');
    assert.equal(await filePath('~/gone-from-home.wav'), join(homedir(), 'gone-from-home.wav'));
  });

  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    ['nothing', undefined, /is missing/],
    ['an empty text', '', /is ""/],
    ['line feeds alone', '\n\n', /is "\\n\\n"/],
    ['a number', 5, /is 5, a number/],
    ['a list', ['a.wav'], /is a list of 1/],
    ['an object', { path: 'a.wav' }, /is an object/],
    ['several lines', 'a.wav\nb.wav\n', /has 2 lines, "a\.wav" and "b\.wav"/],
    ['several names apart by zero bytes', 'a.wav\0b.wav\0', /has 2 lines/],
    ['the content of a file', Buffer.from([0x52, 0x49, 0xff, 0xfe]), /4 bytes that are no text/],
    ['an http address', 'http://host/a.wav', /"http:\/\/host\/a\.wav" is an address \(http:/],
    ['an https address with a line feed', 'https://host/a.wav\n', /is an address \(https:/],
    ['an rtsp address', 'RTSP://camera/1', /is an address \(rtsp:/],
    ['a data address', 'data:audio/wav;base64,UklGRg==', /is the content of a file/],
    ['an address on another machine', 'file://nas/sounds/a.wav', /the machine "nas"/],
    ['a Windows path', 'C:\\sounds\\a.wav', /a path of Windows/],
    ['a Windows path in an address', 'file:///C:/sounds/a.wav', /a path of Windows/],
    ['a path on a Windows server', '\\\\nas\\sounds\\a.wav', /a path of Windows/],
    ['a pattern', '*.wav', /without wildcards/],
    ['a variable', '$HOME/nowhere.wav', /without variables/],
    ["another user's folder", '~nobody/nowhere.wav', /only ~\/ is known/],
  ];
  for (const [what, name, sentence] of refused) {
    it(`is refused with a word about it: ${what}`, async () => {
      await assert.rejects(filePath(name, folder), (error: Error & { code?: string }) => {
        assert.match(error.message, sentence);
        assert.match(error.code ?? '', /^DEEPTONE_(INVALID_ARGUMENT|FILE_NOT_FOUND)$/);
        return true;
      });
    });
  }
});
