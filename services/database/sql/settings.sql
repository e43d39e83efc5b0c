SELECT current_setting('search_path'), current_setting('plan_cache_mode')
