SELECT sealed FROM identifier WHERE pseudonym = $1
