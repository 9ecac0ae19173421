import assert from 'node:assert/strict';
import { playlistEntries } from '../../../src/audio/ffmpeg/playlist';

function entriesIn(text: string, isNamed = false): readonly string[] | undefined {
  return playlistEntries(Buffer.from(text), isNamed)?.entries;
}

describe('A playlist', () => {
  it('in M3U names what stands on its lines', () => {
    const text = '\u{feff}#EXTM3U\r\n#EXTINF:-1,Radio\r\nhttp://radio/a\r\n\r\n  sub/b.mp3  \r\n';
    assert.deepEqual(entriesIn(text), ['http://radio/a', 'sub/b.mp3']);
    assert.deepEqual(entriesIn('#EXTM3U'), []);
  });

  it('without a header is one where all its lines are addresses, or where it is named so', () => {
    assert.deepEqual(entriesIn('https://radio/a\nrtsp://radio/b\n'), ['https://radio/a', 'rtsp://radio/b']);
    assert.equal(entriesIn('a.mp3\nb.mp3\n'), undefined);
    assert.deepEqual(entriesIn('a.mp3\nb.mp3\n', true), ['a.mp3', 'b.mp3']);
    assert.equal(entriesIn(''), undefined);
  });

  it('in PLS names files in the order of their numbers', () => {
    const text =
      '[Playlist]\nNumberOfEntries=3\nFile10=c\nTitle1=File2=x\nfile2 = http://b/?x=1\nFile1=a\nVersion=2\n';
    assert.deepEqual(entriesIn(text), ['a', 'http://b/?x=1', 'c']);
  });

  it('in XSPF names locations, written as XML', () => {
    const text = `<?xml version="1.0"?><!-- a comment --><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>
      <track><title>A</title><location>http://radio/a?x=1&amp;y=&#50;&#x33;</location></track>
      <track><location> b%20c.mp3 </location></track></trackList></playlist>`;
    assert.deepEqual(entriesIn(text), ['http://radio/a?x=1&y=23', 'b%20c.mp3']);
  });

  it('in ASX names references, in both of its forms', () => {
    const xml = `<ASX version="3.0"><Entry><Title>A</Title><Ref HREF = "http://radio/a&amp;b" /></Entry>
      <entry><ref href='mms://radio/b'/></entry><EntryRef href="more.asx"/></ASX>`;
    assert.deepEqual(entriesIn(xml), ['http://radio/a&b', 'mms://radio/b', 'more.asx']);
    assert.deepEqual(entriesIn('[Reference]\r\nRef1=http://radio/a\r\nRef2=http://radio/b\r\n'), [
      'http://radio/a',
      'http://radio/b',
    ]);
  });

  it('in an old encoding is read too', () => {
    const bytes = Buffer.from('#EXTM3U\ncaf\u{e9}.mp3\n', 'latin1');
    assert.deepEqual(playlistEntries(bytes, false)?.entries, ['caf\u{e9}.mp3']);
  });

  it('is neither a list of HLS, nor a page, nor sound, nor other text', () => {
    assert.equal(entriesIn('#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n', true), undefined);
    assert.equal(entriesIn('<!DOCTYPE html><html>http://a/b</html>', true), undefined);
    assert.equal(entriesIn('ID3\u{0}\u{1}http://a/b', true), undefined);
    assert.equal(entriesIn('{"url": "http://a/b"}'), undefined);
    assert.equal(entriesIn('Sorry, this station is off the air.'), undefined);
  });

  // One that takes a long time for each character would not end before the test's own time does.
  for (const [head, piece] of [
    ['<asx>', '<ref '],
    ['<asx>', '<ref href='],
    ['<playlist>', '<location>'],
    ['<', '<playlist '],
    ['[playlist]\n', 'File1 '],
    ['#EXTM3U\n', ' '],
  ] as const) {
    it(`is read to its end, though it is ${JSON.stringify(piece)} again and again`, () => {
      assert.deepEqual(entriesIn(head + piece.repeat(256_000 / piece.length)), []);
    });
  }
});
