#!/bin/sh
to=$(sed -n 's/.*"to" *: *"\([^"]*\)".*/\1/p')
case $to in
  *@*) ;;
  *)
    echo "$to is no address" >&2 # the last line on standard error is the job's error
    exit 65                      # never again; the job stays, failed
    ;;
esac
echo "sent to $to (attempt $LEASEHOLD_ATTEMPT)" # status 0 is success, any other a failure
