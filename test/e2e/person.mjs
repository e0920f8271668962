// The user behind a client: declares what can be asked of it, answers, and remembers every question.

export const kModelAnswer = { role: 'assistant', model: 'test-model', stopReason: 'endTurn',
  content: { type: 'text', text: 'réponse ✓' } };
export const kFormAnswer = { action: 'accept', content: { name: 'Ada "A" Löw', age: 36, colour: 'green' } };
export const kPageAnswer = { action: 'accept' };
export const kRoots = { roots: [{ uri: 'file:///home/ada/a%20b', name: 'work' }, { uri: 'file:///srv' }] };

export const kForm = 'elicitation/create';
export const kSampling = 'sampling/createMessage';
export const kRootsList = 'roots/list';
const kAll = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };
const kOwner = { [kForm]: 'elicitation', [kSampling]: 'sampling', [kRootsList]: 'roots' };

export class Person {
  /** name: tells users of one door apart; can: the capabilities that the client declares. */
  constructor(name = 'able', can = kAll) {
    this.name = name;
    this.can = can;
    this.forget();
    this.answers = {};
    for (const [method, capability] of Object.entries(kOwner)) {
      if (can[capability]) this.answers[method] = (params, signal) => this.take(method, params, signal);
    }
  }

  /** Forgets the questions so far and answers as at first. */
  forget() {
    this.asked = [];
    this.replies = {
      [kForm]: params => (params.mode === 'url' ? kPageAnswer : kFormAnswer),
      [kSampling]: () => kModelAnswer,
      [kRootsList]: () => kRoots,
    };
  }

  take(method, params, signal) {
    this.asked.push({ method, params: withoutMeta(params) });
    return this.replies[method](params, signal);
  }
}

function withoutMeta(params = {}) {
  const { _meta, ...rest } = params;
  return rest;
}
