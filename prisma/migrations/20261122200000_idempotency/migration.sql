-- CreateTable
CREATE TABLE "idempotency_record" (
    "principal_kind" "actor_kind" NOT NULL,
    "principal_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "digest" BYTEA NOT NULL,
    "result" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_record_pkey" PRIMARY KEY ("principal_kind","principal_id","key")
);

-- CreateIndex
CREATE INDEX "idempotency_record_created_at_idx" ON "idempotency_record"("created_at");

-- By hand: what schema.prisma cannot express.
ALTER TABLE "idempotency_record"
  ADD CONSTRAINT "idempotency_record_principal_check" CHECK ("principal_kind" IN ('USER', 'API_KEY')),
  ADD CONSTRAINT "idempotency_record_key_check" CHECK ("key" ~ '^[ -~]{1,255}$'),
  ADD CONSTRAINT "idempotency_record_digest_check" CHECK (octet_length("digest") = 32);
