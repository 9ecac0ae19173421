import assert from 'node:assert/strict';
import { memberId, parseGroupName } from '../../../src/mqtt';
import { GroupMessages } from '../../../src/mqtt/group/group-messages';

const messages = new GroupMessages('home');
const MEMBER = 'deeptone/groups/home/members/pi-1';
const ANNOUNCED = { session: 'abc', beat: 1, agreement: { filter: 'audio/+/pcm', models: ['speech-rt'] } };

describe('The name of a group', () => {
  for (const name of ['home', 'Küche 2', 'plant.north_1-a', '客厅', 'a'.repeat(64)]) {
    it(`may be ${name.slice(0, 20)}`, () => {
      assert.equal(parseGroupName(` ${name} `), name);
    });
  }
  for (const name of [
    '',
    ' ',
    '+',
    '#',
    'a/b',
    'a+',
    '#a',
    '$share',
    '/',
    'a\0b',
    'a\nb',
    '-a',
    'a'.repeat(65),
  ]) {
    it(`may not be ${JSON.stringify(name.slice(0, 20))}`, () => {
      assert.throws(() => parseGroupName(name), {
        code: 'DEEPTONE_INVALID_ARGUMENT',
        message: /letters, digits/u,
      });
    });
  }
});

describe('The id of a member', () => {
  it('is made of any text', () => {
    assert.equal(memberId('raspberry pi/+#'), 'raspberry-pi-');
    assert.equal(memberId(''), 'member');
    assert.ok(
      messages.read(`deeptone/groups/home/members/${memberId('ü'.repeat(99))}`, JSON.stringify(ANNOUNCED)),
    );
  });
});

describe('What comes under the topics of a group', () => {
  it('is read as it was written', () => {
    const member = { kind: 'member', id: 'pi-1', ...ANNOUNCED } as const;
    const list = { kind: 'topics', from: 'pi-1', topics: ['audio/a/pcm'], areNew: true } as const;
    const given = [
      ['audio/a/pcm', 7],
      ['audio/b/pcm', null],
    ] as const;
    const handOver = { kind: 'hand-over', from: 'pi-1', to: 'pi-2', given } as const;
    for (const [written, expected] of [
      [messages.announcement(member, true), member],
      [messages.announcement({ ...member, leaving: 'for-good' }, false), { ...member, leaving: 'for-good' }],
      [messages.obituary('pi-1'), { kind: 'gone', id: 'pi-1' }],
      [messages.topics(list), list],
      [messages.handOver(handOver), handOver],
    ] as const) {
      assert.deepEqual(messages.read(written.topic, written.payload), expected);
      assert.deepEqual(messages.read(written.topic, Buffer.from(written.payload)), expected);
    }
  });

  const hostile: Readonly<Record<string, readonly [topic: string, payload: string]>> = {
    'no JSON': [MEMBER, 'hello'],
    'half of JSON': [MEMBER, '{"session":'],
    'no object': [MEMBER, '[1,2]'],
    null: [MEMBER, 'null'],
    'no session': [MEMBER, JSON.stringify({ ...ANNOUNCED, session: undefined })],
    'a session that is no text': [MEMBER, JSON.stringify({ ...ANNOUNCED, session: { length: 3 } })],
    'a count that is none': [MEMBER, JSON.stringify({ ...ANNOUNCED, beat: -1 })],
    'no agreement': [MEMBER, JSON.stringify({ ...ANNOUNCED, agreement: null })],
    'an agreement with depths': [MEMBER, JSON.stringify({ ...ANNOUNCED, agreement: { a: { b: {} } } })],
    'brackets without end': [MEMBER, `{"agreement":${'['.repeat(2_000)}${']'.repeat(2_000)}}`],
    'an announcement that is too long': [
      MEMBER,
      JSON.stringify({ ...ANNOUNCED, agreement: { a: 'x'.repeat(5_000) } }),
    ],
    'a megabyte': [
      'deeptone/groups/home/topics',
      JSON.stringify({ from: 'a', topics: ['x'.repeat(1_000_000)] }),
    ],
    'an id that is none': ['deeptone/groups/home/members/a b', JSON.stringify(ANNOUNCED)],
    'one level too many': [`${MEMBER}/more`, JSON.stringify(ANNOUNCED)],
    'another group': ['deeptone/groups/homes/members/a', JSON.stringify(ANNOUNCED)],
    'something else': ['deeptone/groups/home/other/a', '{}'],
  };
  for (const [what, [topic, payload]] of Object.entries(hostile)) {
    it(`is passed over where it is ${what}`, () => {
      assert.equal(messages.read(topic, payload), undefined);
    });
  }

  it('names no topics with wildcards, nor more than a hundred at once', () => {
    const topics = ['audio/+/pcm', '#', '', 7, null, 'a\0', '$share/g/a', 'audio/a/pcm'];
    const read = messages.read('deeptone/groups/home/topics', JSON.stringify({ from: 'a', topics }));
    assert.deepEqual(read, { kind: 'topics', from: 'a', topics: ['audio/a/pcm'], areNew: false });
    const many = Array.from({ length: 1_000 }, (_, n) => `audio/${n}/pcm`);
    const more = messages.read('deeptone/groups/home/topics', JSON.stringify({ from: 'a', topics: many }));
    assert.ok(more?.kind === 'topics' && more.topics.length === 100);
    const pairs = [['audio/a/pcm'], ['#', 1], 'audio/a/pcm', [], ['audio/b/pcm', 1.5]];
    const given = messages.read('deeptone/groups/home/to/b', JSON.stringify({ from: 'a', given: pairs }));
    assert.deepEqual(given?.kind === 'hand-over' && given.given, [
      ['audio/a/pcm', null],
      ['audio/b/pcm', null],
    ]);
  });
});
