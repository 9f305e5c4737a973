import { createAsk } from './ask.js';
import { show, showLogo } from './card.js';
import * as screens from './screens.js';

const { endpoint, documents } = JSON.parse(
  document.querySelector('meta[name=gatehouse-config]').content,
);
const ask = createAsk(endpoint);
const token = new URLSearchParams(location.search).get('token')?.trim();

/** Looks the invitation up and shows what it is now. `refusal` is why it could not be answered a moment ago. */
async function look(refusal) {
  try {
    const preview = await ask(documents.preview, { token });
    showLogo(preview?.organizationLogoUrl);
    if (preview?.status === 'PENDING') {
      const screen = openScreen(preview);
      show(refusal === undefined ? screen : screens.again(screen, [refusal]));
    } else {
      show(preview === null ? screens.unknown() : screens.ended(preview));
    }
  } catch (trouble) {
    show(screens.notNow(refusal === undefined ? screens.explain(trouble) : [refusal], { retry }));
  }
}

const retry = () => look();

function openScreen(preview) {
  return screens.open(preview, {
    join: () => join(preview),
    decline: () => show(declineScreen(preview)),
  });
}

function declineScreen(preview) {
  return screens.confirmDecline(preview, {
    decline: () => decline(preview),
    back: () => show(openScreen(preview)),
  });
}

function join(preview) {
  return answer(preview, documents.accept, 'InvitationAcceptPayload', openScreen, (payload) =>
    screens.joined({ ...preview, ...pickName(payload) }, payload.status),
  );
}

function decline(preview) {
  return answer(preview, documents.decline, 'InvitationDeclinePayload', declineScreen, (payload) =>
    screens.declined({ ...preview, ...pickName(payload) }),
  );
}

// The name may have changed since the page was opened.
function pickName({ organizationName }) {
  return organizationName ? { organizationName } : {};
}

/** Sends an answer, and shows what came of it. `from` makes the screen on which it was given. */
async function answer(preview, query, success, from, done) {
  let result;
  try {
    result = await ask(query, { input: { token } });
  } catch (trouble) {
    show(screens.again(from(preview), screens.explain(trouble)));
    return;
  }
  if (result.__typename === success) {
    show(done(result));
  } else if (result.code === 'BUSY') {
    show(screens.again(from(preview), [result.message]));
  } else if (result.code === 'WRONG_ACCOUNT') {
    show(screens.signInFirst(preview, { retry }));
  } else {
    // It may have been withdrawn, answered elsewhere or run out meanwhile: then that is what to show.
    await look(result.message);
  }
}

if (token) {
  look();
} else {
  show(screens.incomplete());
}
