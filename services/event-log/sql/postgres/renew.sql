SELECT alongside.log_renew($1)
