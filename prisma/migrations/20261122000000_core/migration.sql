CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "identity_model" AS ENUM ('SHARED', 'ISOLATED');

-- CreateEnum
CREATE TYPE "memberships_per_user" AS ENUM ('MANY', 'ONE');

-- CreateEnum
CREATE TYPE "organization_creation" AS ENUM ('ANYONE', 'KEYS_ONLY');

-- CreateEnum
CREATE TYPE "email_invites" AS ENUM ('ALL_ALLOWED', 'RESTRICTED', 'NOT_ALLOWED');

-- CreateEnum
CREATE TYPE "jit_provisioning" AS ENUM ('RESTRICTED', 'NOT_ALLOWED');

-- CreateEnum
CREATE TYPE "auth_method_rule" AS ENUM ('ALL_ALLOWED', 'RESTRICTED');

-- CreateEnum
CREATE TYPE "auth_method" AS ENUM ('PASSWORD', 'EMAIL_LINK', 'EMAIL_OTP', 'PASSKEY', 'GOOGLE', 'MICROSOFT', 'GITHUB', 'GITLAB', 'SLACK', 'APPLE', 'SSO', 'OTHER');

-- CreateEnum
CREATE TYPE "mfa_policy" AS ENUM ('OPTIONAL', 'REQUIRED');

-- CreateEnum
CREATE TYPE "membership_status" AS ENUM ('PENDING_INVITE', 'INVITE_EXPIRED', 'ACTIVE', 'SUSPENDED', 'REMOVED');

-- CreateEnum
CREATE TYPE "provisioning_method" AS ENUM ('CREATOR', 'INVITATION', 'ADDED', 'JIT', 'IMPORT', 'SCIM');

-- CreateEnum
CREATE TYPE "role_source" AS ENUM ('DIRECT', 'DEFAULT', 'INVITATION', 'EMAIL_DOMAIN', 'SSO_CONNECTION', 'GROUP');

-- CreateEnum
CREATE TYPE "invitation_status" AS ENUM ('PENDING', 'ACCEPTED', 'DECLINED', 'REVOKED', 'EXPIRED');

-- CreateEnum
CREATE TYPE "actor_kind" AS ENUM ('USER', 'API_KEY', 'SYSTEM', 'ANONYMOUS');

-- CreateEnum
CREATE TYPE "event_type" AS ENUM ('MEMBERSHIP_STATUS_CHANGED', 'MEMBERSHIP_UPDATED', 'MEMBERSHIP_ROLES_CHANGED', 'MEMBERSHIP_DELETED', 'INVITATION_SENT', 'INVITATION_DELIVERY_FAILED', 'ORGANIZATION_CREATED', 'ORGANIZATION_UPDATED', 'ORGANIZATION_SETTINGS_CHANGED', 'ORGANIZATION_DELETED', 'OWNERSHIP_TRANSFERRED', 'ROLE_CREATED', 'ROLE_UPDATED', 'ROLE_DELETED', 'API_KEY_CREATED', 'API_KEY_REVOKED', 'USER_CREATED', 'USER_UPDATED', 'USER_DELETED', 'IDENTITY_LINKED', 'IDENTITY_UNLINKED', 'PERMISSION_CREATED', 'PERMISSION_UPDATED', 'PERMISSION_DELETED', 'ENVIRONMENT_UPDATED');

-- CreateEnum
CREATE TYPE "event_cause" AS ENUM ('CREATED', 'ADDED', 'INVITED', 'ACCEPTED', 'DECLINED', 'REVOKED', 'RESENT', 'EXPIRED', 'DELIVERY_FAILED', 'SUSPENDED', 'REINSTATED', 'SUSPENSION_ENDED', 'REMOVED', 'LEFT', 'REACTIVATED', 'JOINED_BY_DOMAIN', 'IMPORTED', 'MERGED', 'UPDATED', 'EMAIL_CHANGED', 'ROLE_ASSIGNED', 'ROLE_UNASSIGNED', 'SETTINGS_CHANGED', 'TRANSFERRED', 'LINKED', 'UNLINKED', 'DELETED');

-- CreateTable
CREATE TABLE "environment" (
    "id" UUID NOT NULL,
    "identity_model" "identity_model" NOT NULL DEFAULT 'SHARED',
    "memberships_per_user" "memberships_per_user" NOT NULL DEFAULT 'MANY',
    "organization_label_singular" TEXT NOT NULL DEFAULT 'Organization',
    "organization_label_plural" TEXT NOT NULL DEFAULT 'Organizations',
    "organization_creation" "organization_creation" NOT NULL DEFAULT 'ANYONE',
    "invitation_lifetime" INTEGER NOT NULL DEFAULT 604800,
    "creator_role_id" UUID NOT NULL,
    "member_role_id" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "environment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "organization" (
    "id" UUID NOT NULL,
    "display_name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "external_id" TEXT,
    "logo_url" TEXT,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "email_invites" "email_invites" NOT NULL DEFAULT 'ALL_ALLOWED',
    "email_jit_provisioning" "jit_provisioning" NOT NULL DEFAULT 'NOT_ALLOWED',
    "allowed_domains" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "auth_methods" "auth_method_rule" NOT NULL DEFAULT 'ALL_ALLOWED',
    "allowed_auth_methods" "auth_method"[] DEFAULT ARRAY[]::"auth_method"[],
    "mfa_policy" "mfa_policy" NOT NULL DEFAULT 'OPTIONAL',
    "creator_role_id" UUID,
    "creator_role_scope_id" UUID,
    "member_role_id" UUID,
    "member_role_scope_id" UUID,
    "seat_limit" INTEGER,
    "sequence" INTEGER NOT NULL DEFAULT 0,
    "pending_count" INTEGER NOT NULL DEFAULT 0,
    "expired_count" INTEGER NOT NULL DEFAULT 0,
    "active_count" INTEGER NOT NULL DEFAULT 0,
    "suspended_count" INTEGER NOT NULL DEFAULT 0,
    "removed_count" INTEGER NOT NULL DEFAULT 0,
    "name_key" TEXT NOT NULL,
    "search_text" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "organization_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "organization_slug" (
    "slug" TEXT NOT NULL,
    "organization_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "organization_slug_pkey" PRIMARY KEY ("slug")
);

-- CreateTable
CREATE TABLE "user" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "email_verified" BOOLEAN NOT NULL DEFAULT false,
    "external_id" TEXT,
    "name" TEXT,
    "given_name" TEXT,
    "family_name" TEXT,
    "picture_url" TEXT,
    "locale" TEXT,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "untrusted_metadata" JSONB NOT NULL DEFAULT '{}',
    "invited_only" BOOLEAN NOT NULL DEFAULT false,
    "membership_count" INTEGER NOT NULL DEFAULT 0,
    "name_key" TEXT NOT NULL DEFAULT '',
    "search_text" TEXT NOT NULL DEFAULT '',
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "identity" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "issuer" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "email" TEXT,
    "auth_method" "auth_method",
    "organization_id" UUID,
    "last_used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "identity_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "membership" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "status" "membership_status" NOT NULL,
    "status_reason" TEXT,
    "status_changed_at" TIMESTAMPTZ(3) NOT NULL,
    "status_deadline" TIMESTAMPTZ(3),
    "single_user_id" UUID,
    "name" TEXT,
    "given_name" TEXT,
    "family_name" TEXT,
    "picture_url" TEXT,
    "locale" TEXT,
    "email_verified" BOOLEAN NOT NULL DEFAULT false,
    "external_id" TEXT,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "untrusted_metadata" JSONB NOT NULL DEFAULT '{}',
    "joined_at" TIMESTAMPTZ(3),
    "provisioning_method" "provisioning_method" NOT NULL,
    "primary_identity_provider" TEXT,
    "is_breakglass" BOOLEAN NOT NULL DEFAULT false,
    "name_key" TEXT NOT NULL,
    "email_key" TEXT NOT NULL,
    "search_text" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "membership_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "role_assignment" (
    "organization_id" UUID NOT NULL,
    "membership_id" UUID NOT NULL,
    "role_scope_id" UUID NOT NULL,
    "role_id" UUID NOT NULL,
    "source" "role_source" NOT NULL,
    "granted_by_kind" "actor_kind" NOT NULL,
    "granted_by_id" UUID,
    "granted_at" TIMESTAMPTZ(3) NOT NULL,
    "created_key" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "joined_key" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "name_key" TEXT NOT NULL DEFAULT '',
    "email_key" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "role_assignment_pkey" PRIMARY KEY ("membership_id","role_id","source")
);

-- CreateTable
CREATE TABLE "role" (
    "id" UUID NOT NULL,
    "scope_id" UUID NOT NULL,
    "organization_id" UUID,
    "key" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "description" TEXT,
    "permissions" TEXT[],
    "extends_scope_id" UUID,
    "extends_role_id" UUID,
    "is_built_in" BOOLEAN NOT NULL DEFAULT false,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "role_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "permission" (
    "name" TEXT NOT NULL,
    "description" TEXT,
    "is_built_in" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "permission_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "invitation" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "membership_id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "status" "invitation_status" NOT NULL DEFAULT 'PENDING',
    "inviter_kind" "actor_kind" NOT NULL,
    "inviter_id" UUID,
    "message" TEXT,
    "locale" TEXT,
    "allow_any_address" BOOLEAN NOT NULL DEFAULT false,
    "redirect_url" TEXT,
    "sent_at" TIMESTAMPTZ(3),
    "send_count" INTEGER NOT NULL DEFAULT 0,
    "delivery_failed_at" TIMESTAMPTZ(3),
    "delivery_error" TEXT,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3),
    "declined_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "search_text" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "invitation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "invitation_role" (
    "organization_id" UUID NOT NULL,
    "invitation_id" UUID NOT NULL,
    "role_scope_id" UUID NOT NULL,
    "role_id" UUID NOT NULL,

    CONSTRAINT "invitation_role_pkey" PRIMARY KEY ("invitation_id","role_id")
);

-- CreateTable
CREATE TABLE "invitation_token" (
    "token_hash" BYTEA NOT NULL,
    "invitation_id" UUID NOT NULL,
    "send_number" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "invitation_token_pkey" PRIMARY KEY ("token_hash")
);

-- CreateTable
CREATE TABLE "event" (
    "id" UUID NOT NULL,
    "organization_id" UUID,
    "sequence" INTEGER,
    "type" "event_type" NOT NULL,
    "cause" "event_cause" NOT NULL,
    "actor_kind" "actor_kind" NOT NULL,
    "actor_id" UUID,
    "membership_id" UUID,
    "user_id" UUID,
    "invitation_id" UUID,
    "role_id" UUID,
    "api_key_id" UUID,
    "previous_status" "membership_status",
    "status" "membership_status",
    "request_id" TEXT,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 1,
    "transaction_id" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "position" BIGSERIAL NOT NULL,

    CONSTRAINT "event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event_detail" (
    "event_id" UUID NOT NULL,
    "membership_id" UUID,
    "user_id" UUID,
    "reason" TEXT,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "event_detail_pkey" PRIMARY KEY ("event_id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" UUID NOT NULL,
    "scope_id" UUID NOT NULL,
    "organization_id" UUID,
    "name" TEXT NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "permissions" TEXT[],
    "created_by_kind" "actor_kind" NOT NULL,
    "created_by_id" UUID,
    "last_used_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "organization_slug_key" ON "organization"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "organization_external_id_key" ON "organization"("external_id");

-- CreateIndex
CREATE INDEX "organization_created_at_id_idx" ON "organization"("created_at", "id");

-- CreateIndex
CREATE INDEX "organization_name_key_id_idx" ON "organization"("name_key", "id");

-- CreateIndex
CREATE UNIQUE INDEX "organization_slug_organization_id_slug_key" ON "organization_slug"("organization_id", "slug");

-- CreateIndex
CREATE UNIQUE INDEX "user_email_key" ON "user"("email");

-- CreateIndex
CREATE UNIQUE INDEX "user_external_id_key" ON "user"("external_id");

-- CreateIndex
CREATE INDEX "identity_user_id_created_at_idx" ON "identity"("user_id", "created_at");

-- CreateIndex
CREATE INDEX "identity_organization_id_idx" ON "identity"("organization_id");

-- CreateIndex
CREATE UNIQUE INDEX "identity_issuer_subject_key" ON "identity"("issuer", "subject");

-- CreateIndex
CREATE UNIQUE INDEX "membership_single_user_id_key" ON "membership"("single_user_id");

-- CreateIndex
CREATE INDEX "membership_organization_id_status_created_at_id_idx" ON "membership"("organization_id", "status", "created_at", "id");

-- CreateIndex
CREATE INDEX "membership_organization_id_status_name_key_id_idx" ON "membership"("organization_id", "status", "name_key", "id");

-- CreateIndex
CREATE INDEX "membership_organization_id_status_email_key_id_idx" ON "membership"("organization_id", "status", "email_key", "id");

-- CreateIndex
CREATE INDEX "membership_user_id_created_at_id_idx" ON "membership"("user_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "membership_organization_id_user_id_key" ON "membership"("organization_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "membership_organization_id_id_key" ON "membership"("organization_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "membership_organization_id_external_id_key" ON "membership"("organization_id", "external_id");

-- CreateIndex
CREATE INDEX "role_assignment_role_id_organization_id_created_key_members_idx" ON "role_assignment"("role_id", "organization_id", "created_key", "membership_id");

-- CreateIndex
CREATE INDEX "role_assignment_role_id_organization_id_joined_key_membersh_idx" ON "role_assignment"("role_id", "organization_id", "joined_key", "membership_id");

-- CreateIndex
CREATE INDEX "role_assignment_role_id_organization_id_name_key_membership_idx" ON "role_assignment"("role_id", "organization_id", "name_key", "membership_id");

-- CreateIndex
CREATE INDEX "role_assignment_role_id_organization_id_email_key_membershi_idx" ON "role_assignment"("role_id", "organization_id", "email_key", "membership_id");

-- CreateIndex
CREATE INDEX "role_organization_id_idx" ON "role"("organization_id");

-- CreateIndex
CREATE INDEX "role_extends_scope_id_extends_role_id_idx" ON "role"("extends_scope_id", "extends_role_id");

-- CreateIndex
CREATE UNIQUE INDEX "role_scope_id_id_key" ON "role"("scope_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "role_scope_id_key_key" ON "role"("scope_id", "key");

-- CreateIndex
CREATE INDEX "invitation_organization_id_created_at_id_idx" ON "invitation"("organization_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "invitation_organization_id_status_created_at_id_idx" ON "invitation"("organization_id", "status", "created_at", "id");

-- CreateIndex
CREATE INDEX "invitation_membership_id_created_at_id_idx" ON "invitation"("membership_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "invitation_inviter_id_organization_id_idx" ON "invitation"("inviter_id", "organization_id");

-- CreateIndex
CREATE UNIQUE INDEX "invitation_organization_id_id_key" ON "invitation"("organization_id", "id");

-- CreateIndex
CREATE INDEX "invitation_role_role_id_organization_id_idx" ON "invitation_role"("role_id", "organization_id");

-- CreateIndex
CREATE INDEX "invitation_token_invitation_id_idx" ON "invitation_token"("invitation_id");

-- CreateIndex
CREATE INDEX "event_epoch_transaction_id_position_idx" ON "event"("epoch", "transaction_id", "position");

-- CreateIndex
CREATE INDEX "event_membership_id_sequence_idx" ON "event"("membership_id", "sequence");

-- CreateIndex
CREATE INDEX "event_user_id_epoch_transaction_id_position_idx" ON "event"("user_id", "epoch", "transaction_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "event_organization_id_sequence_key" ON "event"("organization_id", "sequence");

-- CreateIndex
CREATE INDEX "event_detail_membership_id_idx" ON "event_detail"("membership_id");

-- CreateIndex
CREATE INDEX "event_detail_user_id_idx" ON "event_detail"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_secret_hash_key" ON "api_key"("secret_hash");

-- CreateIndex
CREATE INDEX "api_key_scope_id_created_at_id_idx" ON "api_key"("scope_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "api_key_organization_id_idx" ON "api_key"("organization_id");

-- AddForeignKey
ALTER TABLE "environment" ADD CONSTRAINT "environment_id_creator_role_id_fkey" FOREIGN KEY ("id", "creator_role_id") REFERENCES "role"("scope_id", "id") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "environment" ADD CONSTRAINT "environment_id_member_role_id_fkey" FOREIGN KEY ("id", "member_role_id") REFERENCES "role"("scope_id", "id") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "organization" ADD CONSTRAINT "organization_creator_role_scope_id_creator_role_id_fkey" FOREIGN KEY ("creator_role_scope_id", "creator_role_id") REFERENCES "role"("scope_id", "id") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "organization" ADD CONSTRAINT "organization_member_role_scope_id_member_role_id_fkey" FOREIGN KEY ("member_role_scope_id", "member_role_id") REFERENCES "role"("scope_id", "id") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "organization_slug" ADD CONSTRAINT "organization_slug_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "identity" ADD CONSTRAINT "identity_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "identity" ADD CONSTRAINT "identity_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "role_assignment" ADD CONSTRAINT "role_assignment_organization_id_membership_id_fkey" FOREIGN KEY ("organization_id", "membership_id") REFERENCES "membership"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "role_assignment" ADD CONSTRAINT "role_assignment_role_scope_id_role_id_fkey" FOREIGN KEY ("role_scope_id", "role_id") REFERENCES "role"("scope_id", "id") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "role" ADD CONSTRAINT "role_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "role" ADD CONSTRAINT "role_extends_scope_id_extends_role_id_fkey" FOREIGN KEY ("extends_scope_id", "extends_role_id") REFERENCES "role"("scope_id", "id") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_organization_id_membership_id_fkey" FOREIGN KEY ("organization_id", "membership_id") REFERENCES "membership"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "invitation_role" ADD CONSTRAINT "invitation_role_organization_id_invitation_id_fkey" FOREIGN KEY ("organization_id", "invitation_id") REFERENCES "invitation"("organization_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "invitation_role" ADD CONSTRAINT "invitation_role_role_scope_id_role_id_fkey" FOREIGN KEY ("role_scope_id", "role_id") REFERENCES "role"("scope_id", "id") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "invitation_token" ADD CONSTRAINT "invitation_token_invitation_id_fkey" FOREIGN KEY ("invitation_id") REFERENCES "invitation"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "event_detail" ADD CONSTRAINT "event_detail_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "event"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE RESTRICT;


-- From here on by hand: what schema.prisma cannot express.

-- Keys of keysets are compared byte by byte, whatever the collation of the database.
ALTER TABLE "organization" ALTER COLUMN "name_key" TYPE text COLLATE "C", ALTER COLUMN "search_text" TYPE text COLLATE "C";
ALTER TABLE "user" ALTER COLUMN "email" TYPE text COLLATE "C", ALTER COLUMN "name_key" TYPE text COLLATE "C", ALTER COLUMN "search_text" TYPE text COLLATE "C";
ALTER TABLE "membership" ALTER COLUMN "name_key" TYPE text COLLATE "C", ALTER COLUMN "email_key" TYPE text COLLATE "C", ALTER COLUMN "search_text" TYPE text COLLATE "C";
ALTER TABLE "role_assignment" ALTER COLUMN "name_key" TYPE text COLLATE "C", ALTER COLUMN "email_key" TYPE text COLLATE "C";
ALTER TABLE "invitation" ALTER COLUMN "search_text" TYPE text COLLATE "C";

-- What a stored status is at a time: its deadline counts before any job has settled it. Reads, filters, counts and
-- rights all ask here.
CREATE FUNCTION "membership_status_at"("status" "membership_status", "deadline" timestamptz, "at" timestamptz)
RETURNS "membership_status" LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN "deadline" > "at" THEN "status"
  WHEN "deadline" IS NULL THEN "status"
  WHEN "status" = 'PENDING_INVITE' THEN 'INVITE_EXPIRED'
  WHEN "status" = 'SUSPENDED' THEN 'ACTIVE'
  ELSE "status"
END;

-- The sort keys of an assignment follow those of its membership.
CREATE FUNCTION "role_assignment_take_keys"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT created_at, coalesce(joined_at, 'infinity'), name_key, email_key
  INTO NEW.created_key, NEW.joined_key, NEW.name_key, NEW.email_key
  FROM membership WHERE id = NEW.membership_id;
  RETURN NEW;
END $$;
CREATE TRIGGER "role_assignment_take_keys" BEFORE INSERT ON "role_assignment"
  FOR EACH ROW EXECUTE FUNCTION "role_assignment_take_keys"();

CREATE FUNCTION "membership_pass_keys"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE role_assignment
  SET created_key = NEW.created_at, joined_key = coalesce(NEW.joined_at, 'infinity'), name_key = NEW.name_key, email_key = NEW.email_key
  WHERE membership_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER "membership_pass_keys" AFTER UPDATE OF "created_at", "joined_at", "name_key", "email_key" ON "membership"
  FOR EACH ROW WHEN ((OLD.created_at, OLD.joined_at, OLD.name_key, OLD.email_key) IS DISTINCT FROM (NEW.created_at, NEW.joined_at, NEW.name_key, NEW.email_key))
  EXECUTE FUNCTION "membership_pass_keys"();

-- Uniqueness that has a condition.
CREATE UNIQUE INDEX "invitation_open_key" ON "invitation" ("membership_id") WHERE "status" = 'PENDING';

-- An organization's slug is one of those reserved for it. Both rows are written in one transaction.
ALTER TABLE "organization" ADD CONSTRAINT "organization_current_slug_fkey" FOREIGN KEY ("id", "slug")
  REFERENCES "organization_slug" ("organization_id", "slug") DEFERRABLE INITIALLY DEFERRED;

-- Lists, in each of their orders.
CREATE INDEX "membership_listed_created_idx" ON "membership" ("organization_id", "created_at", "id") WHERE "status" <> 'REMOVED';
CREATE INDEX "membership_listed_joined_idx" ON "membership" ("organization_id", (coalesce("joined_at", 'infinity')), "id") WHERE "status" <> 'REMOVED';
CREATE INDEX "membership_listed_name_idx" ON "membership" ("organization_id", "name_key", "id") WHERE "status" <> 'REMOVED';
CREATE INDEX "membership_listed_email_idx" ON "membership" ("organization_id", "email_key", "id") WHERE "status" <> 'REMOVED';
CREATE INDEX "membership_status_joined_idx" ON "membership" ("organization_id", "status", (coalesce("joined_at", 'infinity')), "id");
CREATE INDEX "user_listed_created_idx" ON "user" ("created_at", "id") WHERE NOT "invited_only";
CREATE INDEX "user_listed_email_idx" ON "user" ("email", "id") WHERE NOT "invited_only";
CREATE INDEX "user_listed_name_idx" ON "user" ("name_key", "id") WHERE NOT "invited_only";
CREATE INDEX "user_without_memberships_idx" ON "user" ("created_at", "id") WHERE NOT "invited_only" AND "membership_count" = 0;
CREATE INDEX "user_email_domain_idx" ON "user" ((split_part("email", '@', 2)), "created_at", "id") WHERE NOT "invited_only";

-- Deadlines: those of one organization, and those of all for the sweeper. That of an open invitation is that of its
-- membership. The sweeper's stand as an expression, so that no question about one organization is ever answered from
-- the overdue of all.
CREATE INDEX "membership_overdue_idx" ON "membership" ("organization_id", "status", "status_deadline") WHERE "status_deadline" IS NOT NULL;
CREATE INDEX "membership_deadline_idx" ON "membership" ((coalesce("status_deadline", 'infinity'))) WHERE "status_deadline" IS NOT NULL;

-- Search and metadata. The organization stands as an array of one, which only this kind of index can look up: so a
-- search reads its matches in that organization, whatever the planner thinks of the other indexes.
CREATE INDEX "membership_search_idx" ON "membership" USING gin ((ARRAY["organization_id"]), "search_text" gin_trgm_ops, "metadata" jsonb_path_ops, "untrusted_metadata" jsonb_path_ops);
CREATE INDEX "invitation_search_idx" ON "invitation" USING gin ((ARRAY["organization_id"]), "search_text" gin_trgm_ops);
CREATE INDEX "organization_search_idx" ON "organization" USING gin ("search_text" gin_trgm_ops, "metadata" jsonb_path_ops);
CREATE INDEX "user_search_idx" ON "user" USING gin ("search_text" gin_trgm_ops, "metadata" jsonb_path_ops) WHERE NOT "invited_only";

-- Values.
ALTER TABLE "environment"
  ADD CONSTRAINT "environment_single_check" CHECK ("id" = '00000000-0000-0000-0000-000000000000'),
  ADD CONSTRAINT "environment_label_check" CHECK (char_length("organization_label_singular") BETWEEN 1 AND 50 AND char_length("organization_label_plural") BETWEEN 1 AND 50),
  ADD CONSTRAINT "environment_invitation_lifetime_check" CHECK ("invitation_lifetime" BETWEEN 300 AND 2592000);
ALTER TABLE "organization"
  ADD CONSTRAINT "organization_display_name_check" CHECK (char_length("display_name") BETWEEN 1 AND 200),
  ADD CONSTRAINT "organization_external_id_check" CHECK (char_length("external_id") BETWEEN 1 AND 255),
  ADD CONSTRAINT "organization_logo_url_check" CHECK (char_length("logo_url") BETWEEN 1 AND 2048),
  ADD CONSTRAINT "organization_metadata_check" CHECK (jsonb_typeof("metadata") = 'object' AND octet_length("metadata"::text) <= 8192 AND jsonb_array_length(jsonb_path_query_array("metadata", '$.keyvalue()')) <= 20),
  ADD CONSTRAINT "organization_allowed_auth_methods_check" CHECK ("auth_methods" = 'ALL_ALLOWED' OR cardinality("allowed_auth_methods") > 0),
  ADD CONSTRAINT "organization_creator_role_check" CHECK (("creator_role_id" IS NULL) = ("creator_role_scope_id" IS NULL) AND "creator_role_scope_id" IN ("id", '00000000-0000-0000-0000-000000000000')),
  ADD CONSTRAINT "organization_member_role_check" CHECK (("member_role_id" IS NULL) = ("member_role_scope_id" IS NULL) AND "member_role_scope_id" IN ("id", '00000000-0000-0000-0000-000000000000')),
  ADD CONSTRAINT "organization_seat_limit_check" CHECK ("seat_limit" >= 0),
  ADD CONSTRAINT "organization_counts_check" CHECK ("sequence" >= 0 AND "pending_count" >= 0 AND "expired_count" >= 0 AND "active_count" >= 0 AND "suspended_count" >= 0 AND "removed_count" >= 0);
ALTER TABLE "organization_slug"
  ADD CONSTRAINT "organization_slug_label_check" CHECK ("slug" ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$');
ALTER TABLE "user"
  ADD CONSTRAINT "user_email_check" CHECK (char_length("email") BETWEEN 3 AND 254 AND "email" ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND "email" = lower("email")),
  ADD CONSTRAINT "user_external_id_check" CHECK (char_length("external_id") BETWEEN 1 AND 255),
  ADD CONSTRAINT "user_name_check" CHECK (char_length("name") BETWEEN 1 AND 200 AND char_length("given_name") BETWEEN 1 AND 200 AND char_length("family_name") BETWEEN 1 AND 200),
  ADD CONSTRAINT "user_picture_url_check" CHECK (char_length("picture_url") BETWEEN 1 AND 2048),
  ADD CONSTRAINT "user_locale_check" CHECK (char_length("locale") BETWEEN 2 AND 35),
  ADD CONSTRAINT "user_metadata_check" CHECK (jsonb_typeof("metadata") = 'object' AND octet_length("metadata"::text) <= 8192 AND jsonb_array_length(jsonb_path_query_array("metadata", '$.keyvalue()')) <= 20),
  ADD CONSTRAINT "user_untrusted_metadata_check" CHECK (jsonb_typeof("untrusted_metadata") = 'object' AND octet_length("untrusted_metadata"::text) <= 8192 AND jsonb_array_length(jsonb_path_query_array("untrusted_metadata", '$.keyvalue()')) <= 20),
  ADD CONSTRAINT "user_membership_count_check" CHECK ("membership_count" >= 0);
ALTER TABLE "identity"
  ADD CONSTRAINT "identity_issuer_check" CHECK (char_length("issuer") BETWEEN 1 AND 255 AND char_length("subject") BETWEEN 1 AND 255);
ALTER TABLE "membership"
  ADD CONSTRAINT "membership_deadline_check" CHECK (CASE "status" WHEN 'PENDING_INVITE' THEN "status_deadline" IS NOT NULL WHEN 'SUSPENDED' THEN true ELSE "status_deadline" IS NULL END),
  ADD CONSTRAINT "membership_joined_check" CHECK ("status" NOT IN ('ACTIVE', 'SUSPENDED') OR "joined_at" IS NOT NULL),
  ADD CONSTRAINT "membership_single_user_check" CHECK ("single_user_id" IS NULL OR ("single_user_id" = "user_id" AND "status" IN ('ACTIVE', 'SUSPENDED'))),
  ADD CONSTRAINT "membership_reason_check" CHECK (char_length("status_reason") BETWEEN 1 AND 1000),
  ADD CONSTRAINT "membership_name_check" CHECK (char_length("name") BETWEEN 1 AND 200 AND char_length("given_name") BETWEEN 1 AND 200 AND char_length("family_name") BETWEEN 1 AND 200),
  ADD CONSTRAINT "membership_picture_url_check" CHECK (char_length("picture_url") BETWEEN 1 AND 2048),
  ADD CONSTRAINT "membership_locale_check" CHECK (char_length("locale") BETWEEN 2 AND 35),
  ADD CONSTRAINT "membership_external_id_check" CHECK (char_length("external_id") BETWEEN 1 AND 255),
  ADD CONSTRAINT "membership_identity_provider_check" CHECK (char_length("primary_identity_provider") BETWEEN 1 AND 100),
  ADD CONSTRAINT "membership_metadata_check" CHECK (jsonb_typeof("metadata") = 'object' AND octet_length("metadata"::text) <= 8192 AND jsonb_array_length(jsonb_path_query_array("metadata", '$.keyvalue()')) <= 20),
  ADD CONSTRAINT "membership_untrusted_metadata_check" CHECK (jsonb_typeof("untrusted_metadata") = 'object' AND octet_length("untrusted_metadata"::text) <= 8192 AND jsonb_array_length(jsonb_path_query_array("untrusted_metadata", '$.keyvalue()')) <= 20);
ALTER TABLE "role_assignment"
  ADD CONSTRAINT "role_assignment_scope_check" CHECK ("role_scope_id" IN ("organization_id", '00000000-0000-0000-0000-000000000000')),
  ADD CONSTRAINT "role_assignment_granted_by_check" CHECK (("granted_by_kind" IN ('USER', 'API_KEY')) = ("granted_by_id" IS NOT NULL));
ALTER TABLE "role"
  ADD CONSTRAINT "role_scope_check" CHECK ("scope_id" = coalesce("organization_id", '00000000-0000-0000-0000-000000000000')),
  ADD CONSTRAINT "role_key_check" CHECK ("key" ~ '^[a-z][a-z0-9_-]{0,63}$'),
  ADD CONSTRAINT "role_display_name_check" CHECK (char_length("display_name") BETWEEN 1 AND 100 AND char_length("description") <= 500),
  ADD CONSTRAINT "role_extends_check" CHECK (("extends_role_id" IS NULL) = ("extends_scope_id" IS NULL) AND "extends_scope_id" IN ("scope_id", '00000000-0000-0000-0000-000000000000') AND "extends_role_id" <> "id"),
  ADD CONSTRAINT "role_built_in_check" CHECK (NOT "is_built_in" OR "organization_id" IS NULL),
  ADD CONSTRAINT "role_permissions_check" CHECK (cardinality("permissions") <= 500);
ALTER TABLE "permission"
  ADD CONSTRAINT "permission_name_check" CHECK ("name" ~ '^[a-zA-Z][a-zA-Z0-9_-]{0,62}:[a-zA-Z][a-zA-Z0-9_-]{0,62}$' AND char_length("description") <= 500);
ALTER TABLE "invitation"
  ADD CONSTRAINT "invitation_status_check" CHECK (("accepted_at" IS NOT NULL) = ("status" = 'ACCEPTED') AND ("declined_at" IS NOT NULL) = ("status" = 'DECLINED') AND ("revoked_at" IS NOT NULL) = ("status" = 'REVOKED')),
  ADD CONSTRAINT "invitation_inviter_check" CHECK ("inviter_kind" <> 'API_KEY' OR "inviter_id" IS NOT NULL),
  ADD CONSTRAINT "invitation_email_check" CHECK (char_length("email") BETWEEN 3 AND 254),
  ADD CONSTRAINT "invitation_message_check" CHECK (char_length("message") BETWEEN 1 AND 2000),
  ADD CONSTRAINT "invitation_redirect_url_check" CHECK (char_length("redirect_url") BETWEEN 1 AND 2048),
  ADD CONSTRAINT "invitation_send_check" CHECK ("send_count" >= 0 AND char_length("delivery_error") <= 1000);
ALTER TABLE "invitation_role"
  ADD CONSTRAINT "invitation_role_scope_check" CHECK ("role_scope_id" IN ("organization_id", '00000000-0000-0000-0000-000000000000'));
ALTER TABLE "invitation_token"
  ADD CONSTRAINT "invitation_token_hash_check" CHECK (octet_length("token_hash") = 32);
ALTER TABLE "event"
  ADD CONSTRAINT "event_sequence_check" CHECK (("organization_id" IS NULL) = ("sequence" IS NULL) AND "sequence" >= 1),
  ADD CONSTRAINT "event_status_check" CHECK (("type" = 'MEMBERSHIP_STATUS_CHANGED') = ("status" IS NOT NULL) AND ("status" IS NULL) <= ("previous_status" IS NULL) AND ("status" IS NULL OR "previous_status" IS DISTINCT FROM "status")),
  ADD CONSTRAINT "event_actor_check" CHECK (("actor_kind" IN ('USER', 'API_KEY')) = ("actor_id" IS NOT NULL)),
  ADD CONSTRAINT "event_request_id_check" CHECK (char_length("request_id") BETWEEN 1 AND 100);
ALTER TABLE "event_detail"
  ADD CONSTRAINT "event_detail_reason_check" CHECK (char_length("reason") BETWEEN 1 AND 1000);
ALTER TABLE "api_key"
  ADD CONSTRAINT "api_key_scope_check" CHECK ("scope_id" = coalesce("organization_id", '00000000-0000-0000-0000-000000000000')),
  ADD CONSTRAINT "api_key_name_check" CHECK (char_length("name") BETWEEN 1 AND 100),
  ADD CONSTRAINT "api_key_hash_check" CHECK (octet_length("secret_hash") = 32),
  ADD CONSTRAINT "api_key_created_by_check" CHECK (("created_by_kind" IN ('USER', 'API_KEY')) = ("created_by_id" IS NOT NULL));
