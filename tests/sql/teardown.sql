select '1..' || currval('test_number');
rollback;
