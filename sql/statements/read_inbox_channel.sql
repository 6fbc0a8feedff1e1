-- The channel to LISTEN on, one text: what NOTIFY says that rows stand in the inbox.
SELECT :"schema".inbox_channel() AS channel
