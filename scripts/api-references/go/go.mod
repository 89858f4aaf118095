module apireferences

go 1.24.0
