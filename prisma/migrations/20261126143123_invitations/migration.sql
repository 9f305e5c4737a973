-- DropIndex
DROP INDEX "invitation_inviter_id_organization_id_idx";

-- AlterTable
ALTER TABLE "invitation" ADD COLUMN     "accepted_membership_id" UUID;

-- AlterTable
ALTER TABLE "invitation_role" ADD COLUMN     "source" "role_source" NOT NULL DEFAULT 'INVITATION';

-- CreateIndex
CREATE INDEX "invitation_inviter_id_organization_id_created_at_id_idx" ON "invitation"("inviter_id", "organization_id", "created_at", "id");

-- By hand: what schema.prisma cannot express.
ALTER TABLE "invitation_role"
  ADD CONSTRAINT "invitation_role_source_check" CHECK ("source" IN ('INVITATION', 'DEFAULT'));

ALTER TABLE "invitation"
  ADD CONSTRAINT "invitation_accepted_membership_check" CHECK ("accepted_membership_id" IS NULL OR "status" = 'ACCEPTED'),
  ADD CONSTRAINT "invitation_locale_check" CHECK (char_length("locale") BETWEEN 2 AND 35);

-- How many invitations were sent of late: by whom, from where, to whom.
CREATE INDEX "event_sent_inviter_idx" ON "event" ("actor_id", "occurred_at") WHERE "type" = 'INVITATION_SENT';
CREATE INDEX "event_sent_organization_idx" ON "event" ("organization_id", "occurred_at") WHERE "type" = 'INVITATION_SENT';
CREATE INDEX "event_sent_recipient_idx" ON "event" ("user_id", "occurred_at") WHERE "type" = 'INVITATION_SENT';

-- What an inviter is called, in the identity model that is in force. Null for keys, and for who has no name.
CREATE FUNCTION "invitation_inviter_name"("invitation" uuid) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE e.identity_model WHEN 'SHARED' THEN coalesce(u.name, m.name) ELSE m.name END
  FROM invitation i CROSS JOIN environment e JOIN "user" u ON u.id = i.inviter_id
  LEFT JOIN membership m ON m.user_id = u.id AND m.organization_id = i.organization_id
  WHERE i.id = invitation_inviter_name.invitation AND i.inviter_kind = 'USER'
$$;
