-- AlterTable
ALTER TABLE "environment" ADD COLUMN     "event_epoch" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "forgotten_epoch" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "forgotten_position" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "forgotten_transaction_id" xid8 NOT NULL DEFAULT '0'::xid8;
