import { createDatabase } from './domain/temporary-database.ts';
import { inTransaction } from '../src/domain/transaction.ts';
import { addOrganizations } from '../src/domain/organization.ts';
import { addUsers } from '../src/domain/user.ts';
import { addMembers } from '../src/domain/membership.ts';
import { v7 } from 'uuid'; import { randomBytes } from 'node:crypto';
const {database, close} = await createDatabase();
const N=Number(process.argv[2]??20000), B=Number(process.argv[3]??500), P=Number(process.argv[4]??1);
try {
const runner={prisma:database.prisma,newId:()=>v7(),randomBytes};
const S={actor:{kind:'SYSTEM'} as const};
const orgs:string[]=[];
let t=performance.now();
const r = await inTransaction(runner,S,tx=>addOrganizations(tx,Array.from({length:1000},(_,i)=>({displayName:'Org '+i,externalId:'o'+i,slug:'org-'+i})),{act:'import'}));
for(const x of r) if (x.outcome!=='refused') orgs.push(x.id); else throw x.error;
console.log('orgs', performance.now()-t); t=performance.now();
for(let i=0;i<N/2;i+=1000) await inTransaction(runner,S,tx=>addUsers(tx,Array.from({length:1000},(_,j)=>({email:`user${i+j}@example.com`,name:`User Number ${i+j}`,externalId:'u'+(i+j)})),{act:'import',existing:'unchanged'}));
console.log('users', performance.now()-t); t=performance.now();
const run=async(p:number)=>{for(let i=p*B;i<N;i+=B*P){ const rows=Array.from({length:B},(_,j)=>{const k=i+j; return {organizationId:orgs[(k*7919)%1000>500?0:(k*7919+ (k/ (N/2)|0))%1000]!,email:`user${k%(N/2)}@example.com`,roleKeys:['member']}});
 const out=await inTransaction(runner,{...S,organizations:rows.map(r=>r.organizationId)},tx=>addMembers(tx,rows,{act:'import'}));
 if(out.some(o=>o.outcome==='refused')) throw (out.find(o=>o.outcome==='refused') as any).error; }};
await Promise.all(Array.from({length:P},(_,p)=>run(p)));
const d=performance.now()-t;
console.log('memberships', await database.prisma.membership.count(), d, (N/d*1000|0)+'/s', 'cpu', process.cpuUsage().user/1e6);
} finally { await close(); }
