import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { Corpus } from '../../bench/accuracy/corpus';
import { developmentClips, yearsOf } from '../../bench/accuracy/manifest';
import { isYoungAdult } from '../../bench/accuracy/young';
import { UsageError } from '../../bench/report';
import { temporaryFolder } from '../tools/audio';

const HEADER =
  'file,start,end,corpus,voice,part,gender,age,age_group,emotion,arousal,language,event,licence,note';

function row(voice: string, more: { part?: string; age?: string; gender?: string; note?: string }): string {
  const { part = 'dev', age = '', gender = 'f', note = '' } = more;
  return `a/${voice}.opus,0.5,2.25,made,${voice},${part},${gender},${age},adult,tired?,low,es,speech,CC0,${note}`;
}

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = path.join(temporaryFolder(), 'corpus');
  mkdirSync(folder);
  mkdirSync(path.join(folder, 'a'));
  for (const voice of ['a', 'c']) writeFileSync(path.join(folder, `a/${voice}.opus`), '');
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

describe('The corpus of the accuracy bench', () => {
  it('is every manifest of its folder: the voices that training never heard, and no synthetic ones', async () => {
    const folder = folderWith({
      'manifest.csv': [HEADER, row('a', {}), row('b', { part: 'train' })].join('\r\n'),
      'manifest-2.csv': [
        HEADER,
        row('c', { note: '"one, two ""three"""' }),
        row('d', { note: 'tts=1' }),
        row('e', { note: 'synthetic' }),
        row('f', { note: 'label-suspect' }),
      ].join('\n'),
      'readme.csv': 'not a manifest',
    });
    const { clips } = await Corpus.open(folder);
    assert.deepEqual(clips.map(({ voice }) => voice).sort(), ['a', 'c']);
    const c = clips.find(({ voice }) => voice === 'c');
    assert.deepEqual(
      { start: c?.start, end: c?.end, emotion: c?.emotion, note: c?.note },
      { start: 0.5, end: 2.25, emotion: 'tired', note: 'one, two "three"' },
    );
  });

  const wrong: Readonly<Record<string, readonly [string, RegExp]>> = {
    'a folder that is not there': ['/nowhere/at/all', /^--corpus: there is no folder \/nowhere\/at\/all\.$/],
    'a folder without a manifest': [folderWith({ 'x.csv': HEADER }), /has no manifest\.csv\.$/],
    'a table that is no manifest': [
      folderWith({ 'manifest.csv': 'name,age\nx,1' }),
      /manifest\.csv is no manifest: it has no column file, start, end, corpus, voice, part\.$/,
    ],
  };
  for (const [what, [folder, sentence]] of Object.entries(wrong)) {
    it(`says in a sentence that it got ${what}`, async () => {
      await assert.rejects(Corpus.open(folder), (error) => {
        assert(error instanceof UsageError);
        assert.match(error.message, sentence);
        return true;
      });
    });
  }

  it('reads an age, or the middle of a band', () => {
    const read = ['24', '20-29', '30-49', '7.5', '', '-', 'young'].map(yearsOf);
    assert.deepEqual(read, [24, 24.5, 39.5, 7.5, null, null, null]);
  });

  it('knows who is 18 to 29 years old, by the middle of a band where that is known', () => {
    const ages = ['17', '18', '20-29', '29', '30', '30-49', ''];
    const clips = developmentClips([HEADER, ...ages.map((age) => row(`v${age}`, { age }))].join('\n'));
    assert.deepEqual(
      clips.filter(isYoungAdult).map(({ voice }) => voice),
      ['v18', 'v20-29', 'v29'],
    );
  });
});
