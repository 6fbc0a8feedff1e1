#!/bin/sh
payload=$(cat)
echo "hello, $payload (job $LEASEHOLD_JOB_ID, attempt $LEASEHOLD_ATTEMPT)"
