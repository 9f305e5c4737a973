-- AlterTable
ALTER TABLE "environment" ADD COLUMN     "event_epoch" INTEGER NOT NULL DEFAULT 1;
