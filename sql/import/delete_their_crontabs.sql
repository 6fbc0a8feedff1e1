DELETE FROM :"theirs"._private_known_crontabs
