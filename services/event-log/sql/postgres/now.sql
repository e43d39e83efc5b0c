SELECT alongside.log_now()
