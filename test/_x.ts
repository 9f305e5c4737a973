import { createDatabase } from './domain/temporary-database.ts';
import { inTransaction } from '../src/domain/transaction.ts';
import { addOrganizations } from '../src/domain/organization.ts';
import { addUsers } from '../src/domain/user.ts';
import { addMembers, suspendMembers, removeMembers } from '../src/domain/membership.ts';
import { inviteMembers } from '../src/domain/invitation.ts';
import { createApiKey } from '../src/domain/api-key.ts';
import { v7 } from 'uuid'; import { randomBytes } from 'node:crypto';
const {database, close} = await createDatabase();
try {
const runner={prisma:database.prisma,newId:()=>v7(),randomBytes};
const S={actor:{kind:'SYSTEM'} as const};
const show=(r:any[])=>console.log(r.map(x=>x.outcome==="refused"?`${x.error.name} ${x.error.message}`:`${x.outcome} ${x.notes??""}`));
const orgs = await inTransaction(runner,S, tx=>addOrganizations(tx,[{displayName:'Acme Inc.', externalId:'a', metadata:{x:1}},{displayName:'Acme Inc'},{displayName:'株式会社', seatLimit:2},{displayName:'x',slug:'acme-inc'},{displayName:'',slug:'Bad Slug'}],{act:'create'}));
console.log(orgs.map(o=>o.outcome==='refused'?o.error.message:o));
console.log(await database.prisma.organization.findMany({select:{displayName:true,slug:true,sequence:true}}));
show(await inTransaction(runner,S, tx=>addUsers(tx,[{email:'Ada@X.com',name:'Ada',externalId:'1',issuer:'https://i',subject:'s'},{email:'ada@x.com'},{email:'ada@x.com',externalId:'2'},{email:'b@x.com',externalId:'1'},{email:'c@x.com',issuer:'https://i',subject:'s'}],{act:'import',existing:'unchanged'})));
const o=orgs.flatMap(o=>o.outcome==='refused'?[]:[o.id]);
const T=(f:any)=>inTransaction(runner,{...S,organizations:o},f) as Promise<any[]>;
const r=await T((tx:any)=>addMembers(tx,[{organizationId:o[0]!,email:'ada@x.com',roleKeys:['owner']},{organizationId:o[0]!,email:'new@x.com'},{organizationId:o[0]!,email:'new@x.com'},{organizationId:o[2]!,email:'n1@x.com'},{organizationId:o[2]!,email:'n2@x.com'},{organizationId:o[2]!,email:'n3@x.com'},{organizationId:o[0]!,email:'bad',roleKeys:['x']},{organizationId:o[0]!,userExternalId:'none'},{organizationId:o[0]!,email:'z@x.com',roleKeys:['nope']}],{act:'add'})); show(r);
show(await T((tx:any)=>inviteMembers(tx,[{organizationId:o[0]!,email:'inv@x.com',message:'hi\nthere'},{organizationId:o[0]!,email:'inv@x.com'},{organizationId:o[0]!,email:'ada@x.com'}])));
show(await T((tx:any)=>suspendMembers(tx,[{membershipId:r[0].membershipId},{membershipId:r[1].membershipId,reason:'because'},{membershipId:v7()}])));
show(await T((tx:any)=>removeMembers(tx,[{membershipId:r[0].membershipId},{membershipId:r[1].membershipId,reason:'because'},{membershipId:r[1].membershipId}])));
console.log(await database.prisma.organization.findMany({select:{slug:true,sequence:true,pendingCount:true,activeCount:true,suspendedCount:true,removedCount:true}}));
console.log((await database.prisma.event.findMany({include:{detail:true},orderBy:{position:'asc'}})).map(e=>[e.organizationId?.slice(-4),e.sequence,e.type,e.cause,e.previousStatus,e.status,JSON.stringify(e.detail?.detail), e.detail?.reason].join(' ')));
console.log(await database.prisma.user.findMany({select:{email:true,membershipCount:true,invitedOnly:true}}));
console.log(await inTransaction(runner,S,tx=>createApiKey(tx,{name:'k',permissions:['*:*']})));
} finally { await close(); }
