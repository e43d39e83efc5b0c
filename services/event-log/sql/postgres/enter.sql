SELECT log, epoch, began_at, born, timeline FROM alongside.log_enter()
