/**
 * Domains whose addresses anybody can get: an organization cannot let in all of their users. The list is ours, for the
 * packages that there are fetch theirs when they are installed, and a rule must not change with the day of the build. It
 * holds the large providers and the well-known throw-away ones; a domain that is missing gains nobody anything by itself,
 * as it counts only once a member of it has come by themselves.
 */

/** Providers with a domain in each country: `yahoo.co.jp`, `gmx.de`. */
const BRANDS = ['gmx', 'hotmail', 'outlook', 'yahoo', 'yandex'].join('|');

const BRANDED = new RegExp(`^(?:${BRANDS})\\.(?:[a-z]{2,3}|com?\\.[a-z]{2})$`);

const DOMAINS = new Set(
  `
  126.com 139.com 163.com 189.cn 21cn.com aliyun.com foxmail.com naver.com hanmail.net daum.net nate.com kakao.com qq.com
  sina.cn sina.com sohu.com tom.com vip.163.com vip.qq.com yeah.net
  aim.com aol.com aol.de aol.fr att.net bellsouth.net charter.net comcast.net cox.net earthlink.net juno.com
  rogers.com sbcglobal.net shaw.ca sympatico.ca verizon.net
  gmail.com googlemail.com icloud.com mac.com me.com live.ca live.cn live.co.uk live.com live.com.au live.de live.fr
  live.it live.nl msn.com passport.com windowslive.com rocketmail.com ymail.com
  alice.it bluewin.ch bt.com btinternet.com freenet.de free.fr laposte.net libero.it mail.de neuf.fr ntlworld.com
  o2.pl onet.pl orange.fr posteo.de seznam.cz sfr.fr sky.com t-online.de talktalk.net terra.com.br tiscali.it
  tutamail.com tuta.com tuta.io tutanota.com tutanota.de uol.com.br bol.com.br virgilio.it virginmedia.com wanadoo.fr
  web.de wp.pl abv.bg centrum.cz interia.pl telenet.be ziggo.nl
  bk.ru inbox.ru internet.ru list.ru mail.ru rambler.ru ya.ru ukr.net i.ua
  fastmail.com fastmail.fm hey.com hushmail.com mail.com email.com usa.com mailbox.org mailfence.com
  pm.me proton.me protonmail.ch protonmail.com runbox.com zoho.com zohomail.com duck.com relay.firefox.com mozmail.com
  rediffmail.com indiatimes.com bigpond.com optusnet.com.au xtra.co.nz
  10minutemail.com dispostable.com getnada.com guerrillamail.com maildrop.cc mailinator.com sharklasers.com temp-mail.org
  throwawaymail.com trashmail.com yopmail.com yopmail.fr
  `
    .trim()
    .split(/\s+/),
);

/** Whether anybody can have an address of this (normalized) domain. */
export function isPublicMailDomain(domain: string): boolean {
  return DOMAINS.has(domain) || BRANDED.test(domain);
}
