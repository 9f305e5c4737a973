import { fromUUID } from 'typeid-js';
import { v4, v7 } from 'uuid';
import { expect, test } from 'vitest';
import { decodeId, encodeId, kindOf, NIL_UUID } from '../../src/domain/id.ts';

test('ids are TypeIDs, and give their uuid back', () => {
  const uuids = [NIL_UUID, 'ffffffff-ffff-ffff-ffff-ffffffffffff', v7(), v4()];
  for (let round = 0; round < 500; round += 1) {
    uuids.push(v4());
  }
  for (const uuid of uuids) {
    const id = encodeId('mbr', uuid);
    expect(id).toBe(fromUUID(uuid, 'mbr'));
    expect(decodeId('mbr', id)).toBe(uuid);
    expect(kindOf(id)).toBe('mbr');
  }
});

test('anything but the canonical spelling of that kind is refused', () => {
  const id = encodeId('org', v7());
  const suffix = id.slice(4);
  const broken = [
    '',
    'org_',
    suffix,
    `_${suffix}`,
    `usr_${suffix}`,
    `ORG_${suffix}`,
    `org_${suffix.toUpperCase()}`,
    `org_${suffix} `,
    ` org_${suffix}`,
    `org_${suffix}0`,
    `org_${suffix.slice(1)}`,
    `org_8${suffix.slice(1)}`,
    `org_${suffix.slice(0, 25)}u`,
    `org_${suffix.slice(0, 25)}l`,
    `org_org_${suffix}`,
    `org_${suffix.slice(0, 25)}\0`,
  ];
  for (const text of broken) {
    expect(decodeId('org', text), JSON.stringify(text)).toBeNull();
  }
  expect(kindOf(`xyz_${suffix}`)).toBeNull();
  expect(kindOf('org_nothing')).toBeNull();
});
